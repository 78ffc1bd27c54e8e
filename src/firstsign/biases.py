"""The classic biases of the field as switches of the simulator: how each is turned on, how off, and what it spoils."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from firstsign.errors import did_you_mean
from firstsign.sampling import SAMPLINGS
from firstsign.scenarios import Scenario, flatten
from firstsign.switches import Changes, after, at_least, at_most, changed, not_after, not_before, to
from firstsign.waits import Wait, solve_wait

CONVENTION = "convention"
WORLD, DATA, RECORD = "how people live", "who is in the data", "what is written down"
RECENT_DAYS = 730
SURVEY_DAYS = 1095
YEAR = 365
SCREENED, TREATED = 0.7, 0.9


@dataclass(frozen=True)
class Bias:
    """One bias: parameters (or all of a level, or a wait) as they are when it is on and when it is off, and what is known.

    A name in `on` wins over the same name in another bias's `off`. Sampling biases besides have a way of sampling.
    """

    kind: str
    what: str
    changes: str
    spoils: str
    repair: str
    source: str
    on: Changes = ()
    off: Changes = ()


BIASES: dict[str, Bias] = {
    "left truncation": Bias(
        kind=DATA,
        what="Half of the people are registered only some time after the first sign, and those whose waiting has ended by then "
        "never are.",
        changes="sampling; observed_from is the day of registration",
        spoils="the share still waiting, and the median delay: too long",
        repair="delayed entry: count people as at risk from observed_from on, as spells and kaplan_meier do",
        source="left-trunc",
    ),
    "right truncation": Bias(
        kind=DATA,
        what="Only people with a diagnosis by the closing day are in the data, and first signs go on up to that day, so recent "
        "long delays are missing.",
        changes="sampling; first_sign_until = observed_until and first_sign_from 730 days before; off: observed_until at "
        "least 365 days after first_sign_until",
        spoils="the delays of diagnosed people: too short",
        repair="limits: spells(..., seen='diagnosed') with right_truncated (of delays within the largest limit) or "
        "fit_delay (by its family)",
        source="charniga",
        on=(
            ("first_sign_until", after("observed_until", 0)),
            ("first_sign_from", after("first_sign_until", -RECENT_DAYS)),
        ),
        off=(("observed_until", not_before("first_sign_until", YEAR)),),
    ),
    "length-biased sampling": Bias(
        kind=DATA,
        what="The people in the data are those who are waiting on one day of survey, and the longer someone waits the likelier "
        "is that day to find them.",
        changes="sampling; first_sign_until at most 1,095 days after first_sign_from; the survey is in the middle, and is "
        "observed_from",
        spoils="the mean delay: its mean square over its mean instead",
        repair="delayed entry on the day of the survey",
        source=CONVENTION,
        on=(("first_sign_until", not_after("first_sign_from", SURVEY_DAYS)),),
    ),
    "recall heaping": Bias(
        kind=RECORD,
        what="First symptoms are told as round weeks, months and years before the first visit.",
        changes="recall_rounded_share at least 0.7; off: 0",
        spoils="shares beyond a round number of days: 90 days or more is three months, and so is what was told from 75 on",
        repair="windows: widen_recalled, then fit_delay",
        source="heaping-bar",
        on=(("recall_rounded_share", at_least(0.7)),),
        off=(("recall_rounded_share", to(0)),),
    ),
    "look-back window": Bias(
        kind=RECORD,
        what="Symptoms and visits are looked for in the year before the diagnosis only.",
        changes="look_back_days at most 365; off: 36,500",
        spoils="the long end of the delays, and so their mean: too short",
        repair="none in such data; look back further, or ask only for delays within the year",
        source="neal14-n",
        on=(("look_back_days", at_most(YEAR)),),
        off=(("look_back_days", to(36_500)),),
    ),
    "misclassified first symptom": Bias(
        kind=RECORD,
        what="A benign symptom of the year before the first symptom is taken for it.",
        changes="misclassified_share at least 0.5; off: 0",
        spoils="delays from the first symptom: too long",
        repair="none in such data; needs a sample in which the first symptom was made sure of",
        source="agree-pi",
        on=(("misclassified_share", at_least(0.5)),),
        off=(("misclassified_share", to(0)),),
    ),
    "immortal time": Bias(
        kind=WORLD,
        what="Treatment comes late, and whoever is classed by having been treated has survived until then.",
        changes="diagnosis_to_treatment: median 60, 90th centile 240 days; off: treatment on the day after the diagnosis",
        spoils="survival from diagnosis of the ever treated against the never treated: too good",
        repair="count treated people as untreated until they are treated: delayed entry into the treated",
        source=CONVENTION,
        on=(("diagnosis_to_treatment", to(solve_wait(0, {0.5: 60, 0.9: 240}))),),
        off=(("diagnosis_to_treatment", to(Wait(0.0, 0.0, 0.0))),),
    ),
    "confounding by urgency": Bias(
        kind=WORLD,
        what="The faster the disease, the sooner the diagnosis (the waiting-time paradox), and who is treated goes by stage.",
        changes="urgency at least 0.6, emergency_share and treated_share as the scenario has them; off: urgency 0, "
        "emergency_share 0, treated_share 0.9 at every stage, so that waits and treatment go by lot",
        spoils="survival by delay: waiting looks harmless, or even good",
        repair="none in such data, unless what makes doctors hurry is recorded",
        source="torring13",
        on=(("urgency", at_least(0.6)),),
        off=(("urgency", to(0)), ("emergency_share", to(0)), ("treated_share", to(TREATED))),
    ),
    "lead time": Bias(
        kind=WORLD,
        what="Screening finds the disease before it shows, so survival from diagnosis starts earlier; slow disease is found "
        "more often.",
        changes="screening_coverage at least 0.7; off: 0, nobody is screened",
        spoils="survival from diagnosis of people found by screening: too long by the time that the diagnosis came earlier",
        repair="a trial, in which both arms are counted from the invitation",
        source="mst-wf05",
        on=(("screening_coverage", at_least(SCREENED)),),
        off=(("screening_coverage", to(0)),),
    ),
    "overdiagnosis": Bias(
        kind=WORLD,
        what="Screening finds disease that would never have shown.",
        changes="indolent_share at least 0.1, screening_coverage at least 0.7; off: indolent_share 0",
        spoils="survival from diagnosis, and the number of people with the disease",
        repair="a trial with long follow-up, in which the arm without screening never catches up",
        source="duffy",
        on=(("indolent_share", at_least(0.1)), ("screening_coverage", at_least(SCREENED))),
        off=(("indolent_share", to(0)),),
    ),
}


def biases() -> pd.DataFrame:
    """The biases that `simulate(..., biases=[...])` can turn on, alone or together.

    Returns name, kind (how people live, who is in the data, what is written down), what (it does), changes (parameters of the
    scenario when it is on and off, and sampling), spoils (the naive number that goes wrong), repair and source (an entry of the
    evidence register, or "convention"). How strong each is, is a convention; a scenario that has it stronger keeps it so.
    """
    columns = ["kind", "what", "changes", "spoils", "repair", "source"]
    rows = [{"name": name, **{key: getattr(bias, key) for key in columns}} for name, bias in BIASES.items()]
    return pd.DataFrame(rows)


def checked_biases(asked: Iterable[str]) -> list[str]:
    """The biases asked for, each once, in the order of `biases()`. ValueError that names all that there are not."""
    if isinstance(asked, str):
        raise ValueError(
            f"biases={asked!r} is one word; give a list, such as [{asked!r}], or None for the scenario as it is."
        )
    try:
        given = list(asked)
    except TypeError:
        raise ValueError(
            f"biases={asked!r} is no list; give one of names, or None for the scenario as it is."
        ) from None
    unknown = [f"{name!r}{did_you_mean(str(name), BIASES)}" for name in given if name not in list(BIASES)]
    if unknown:
        raise ValueError(f"No bias {', '.join(unknown)}. There are: {', '.join(BIASES)}.")
    return [name for name in BIASES if name in given]


def switched(
    scenario: Scenario, asked: Iterable[str] | None, overrides: Mapping[str, Any], who: str = "diseased"
) -> Scenario:
    """The scenario with exactly these biases on and every other off; as it is if None is asked for.

    overrides  what the user has set, in words or by level; no bias changes it
    who        who is simulated; only people with the disease can be sampled by it

    Raises ValueError for an unknown bias, and for a way of sampling the diseased where others are asked for.
    """
    if asked is None:
        return scenario
    names = checked_biases(asked)
    sampling = tuple(name for name in names if name in SAMPLINGS)
    if sampling and who != "diseased":
        raise ValueError(
            f"{' and '.join(sampling).capitalize()} is how people with the disease get into the data, and who={who!r} asks for "
            "others too; use who='diseased'."
        )
    wanted = {name for bias in names for name, _ in BIASES[bias].on}
    for name, bias in BIASES.items():
        changes = bias.on if name in names else [change for change in bias.off if change[0] not in wanted]
        scenario = changed(scenario, changes, set(flatten(overrides)))
    return replace(scenario, sampling=sampling)
