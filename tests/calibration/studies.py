"""All studies, by name."""

from .curve_studies import curve_studies
from .delay_studies import delay_studies
from .effect_studies import effect_studies
from .group_studies import group_studies
from .study import Study

STUDIES: dict[str, Study] = {
    study.name: study for study in (*curve_studies(), *delay_studies(), *effect_studies(), *group_studies())
}
