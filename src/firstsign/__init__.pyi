from . import figures as figures
from .cohorts import CohortError as CohortError
from .cohorts import check_cohort as check_cohort
from .cohorts import describe_cohort as describe_cohort
from .cohorts import load_cohort as load_cohort
from .curves import at_risk as at_risk
from .curves import cumulative_incidence as cumulative_incidence
from .curves import kaplan_meier as kaplan_meier
from .evidence import evidence as evidence
from .evidence import evidence_entry as evidence_entry
from .published import published as published
from .results import can_show as can_show
from .results import record as record
from .scenarios import scenario_parameters as scenario_parameters
from .scenarios import scenarios as scenarios
from .simulate import as_user_file as as_user_file
from .simulate import simulate as simulate
from .spells import spells as spells
from .summaries import log_rank as log_rank
from .summaries import quantiles as quantiles
from .summaries import share_longer_than as share_longer_than

__version__: str
from .vocabulary import intervals as intervals
from .vocabulary import milestones as milestones
from .vocabulary import named_people as named_people
from .vocabulary import symptom_groups as symptom_groups
from .vocabulary import symptoms as symptoms
