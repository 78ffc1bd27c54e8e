"""How often the interval of each estimator holds the truth, and how far off its middle is, under each scheme of observation.

`make calibrate` simulates cohorts whose truth is known and writes calibration.csv: a row for each number that an estimator
gives under a scheme. `make calibrate ONLY="cox|aft"` redoes the studies whose name this
pattern finds in and leaves the others' rows as they are.

    schemes    delays with a known truth, and what a scheme of observation lets be seen of them
    studies    an estimator under a scheme, and the truth of each of its numbers: of curve_studies, delay_studies,
               effect_studies and group_studies
    running    cohorts simulated and estimates made, on several cores
    reasons    why coverage is not 95 % where a method is known to fall short
    table      the file
    scorecard  naive and right estimators under each bias of the simulator, in a table of its own
"""
