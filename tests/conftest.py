"""What holds for every test: pandas without silent views, no window for a figure, hypothesis without a stopwatch."""

import os

import matplotlib
import pandas as pd
from hypothesis import settings

pd.options.mode.copy_on_write = True  # pandas 3 has no other mode

# Not the variable MPLBACKEND: kernels started by a test would inherit it and show no figures.
matplotlib.use("agg")

settings.register_profile("here", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, database=None, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "here")
