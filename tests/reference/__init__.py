"""Reference numbers of other programs, with the scripts that made them; `read` gives one as a frame."""

from pathlib import Path

import pandas as pd

HERE = Path(__file__).parent


def read(name: str) -> pd.DataFrame:
    """A table whose first line says which program, version and call made it."""
    return pd.read_csv(HERE / f"{name}.csv", comment="#")
