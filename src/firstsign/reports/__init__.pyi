from .making import make_report as make_report
