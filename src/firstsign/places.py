"""Where the files that travel with the package lie: `data/` and `notebooks/`."""

import os
from pathlib import Path

PACKAGE = Path(__file__).parent
REPOSITORY = PACKAGE.parent.parent


def data_folder() -> Path:
    """The folder with vocabulary, evidence, claims and scenarios.

    `FIRSTSIGN_DATA` if it is set; else the `data/` of the checkout (an editable install); else the copy that a wheel
    carries inside the package. Raises FileNotFoundError when none of them is there.
    """
    chosen = os.environ.get("FIRSTSIGN_DATA")
    if chosen:
        folder = Path(chosen).expanduser()
        if not (folder / "vocabulary").is_dir():
            raise FileNotFoundError(
                f"FIRSTSIGN_DATA is {chosen!r}, and no folder 'vocabulary' lies in it. Point it at a copy "
                "of firstsign's data folder, or unset it to use the one that came with the package."
            )
        return folder
    return _shipped("data", "vocabulary")


def notebooks_folder() -> Path:
    """The folder with the notebooks that `firstsign report` runs, beside `data/`."""
    return _shipped("notebooks", "reports.yml")


def _shipped(name: str, landmark: str) -> Path:
    for folder in (REPOSITORY / name, PACKAGE / name):
        if (folder / landmark).exists():
            return folder
    raise FileNotFoundError(
        f"firstsign's folder {name!r} is neither in {REPOSITORY} nor in {PACKAGE}: the installation is "
        "incomplete. Install firstsign again."
    )
