"""The mechanisms of the simulator, in the order in which they act; each with a random stream of its own."""

from collections.abc import Callable

from firstsign import benign, disease, observation, pathway
from firstsign.draws import Draw, People
from firstsign.scenarios import Scenario

Mechanism = Callable[[Scenario, Draw, People], People]

# A mechanism's number is part of its random stream: keep it for ever, and give a new mechanism a new one.
MECHANISMS: dict[int, Mechanism] = {
    1: disease.who,
    2: disease.biology,
    3: disease.growth,
    4: disease.spread,
    5: disease.sites,
    6: disease.symptom_onsets,
    7: disease.first_symptom,
    8: disease.screening,
    9: disease.death_from_other_causes,
    18: disease.natural_death,
    10: disease.first_sign,
    11: pathway.first_presentation,
    12: pathway.symptoms_besides,
    13: pathway.referral,
    14: pathway.diagnosis,
    15: pathway.staging,
    16: pathway.treatment,
    17: pathway.metastasis,
    23: pathway.death_from_disease,
    19: pathway.lost,
    20: observation.recording,
}
# Only drawn where people without the disease, or benign symptoms taken for its first, are asked for.
BENIGN: dict[int, Mechanism] = {21: benign.benign_symptoms, 22: benign.benign_visit}
