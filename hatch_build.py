"""What a wheel carries besides the package: `data/` and `notebooks/`, which live beside `src/` in a checkout."""

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

FOLDERS = ("data", "notebooks")


class TravellingFolders(BuildHookInterface):
    """Put the folders into a wheel, and leave them out of an editable install.

    An editable install reads both in place (`firstsign.places`); a copy in site-packages would be stale with the next
    edit, and would still be found when the checkout is gone.
    """

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add the folders' files to `build_data` where `version` is "standard"; the other kind is "editable".

        Hidden files and folders (notebook checkpoints) stay at home. Raises FileNotFoundError when a folder is missing:
        such a wheel would install, and then find no data.
        """
        if version != "standard":
            return
        for name in FOLDERS:
            folder = Path(self.root) / name
            if not folder.is_dir():
                raise FileNotFoundError(f"A wheel of firstsign carries the folder {name!r}, and {folder} is not there.")
            for file in sorted(folder.rglob("*")):
                inside = file.relative_to(folder)
                if file.is_file() and not any(part.startswith(".") for part in inside.parts):
                    build_data["force_include"][str(file)] = f"firstsign/{name}/{inside.as_posix()}"
