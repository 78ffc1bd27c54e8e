"""What a version's folder holds, without running a kernel."""

import json
from datetime import UTC, datetime

from firstsign.reports.planning import plan
from firstsign.reports.running import Failure, Outcome
from firstsign.reports.writing import write_version


def test_a_notebook_that_never_began_is_shown_as_it_was_written(toys, tmp_path):
    planned = plan("adding", {}, tmp_path / "out")
    outcome = Outcome(
        "02_adding", 0.0, Failure(None, "BrokenProcessPool", f"died in {tmp_path}/room"), f"{tmp_path}/room"
    )
    (tmp_path / "02_adding.ipynb").write_text('{"cells": [')  # cut off while it was being written
    failures = write_version(planned, tmp_path, "2026-11-23T0915-3f9a2c", {"02_adding": outcome}, datetime.now(UTC))
    assert failures["02_adding"].message == "died in "
    page = (tmp_path / "02_adding.html").read_text()
    assert "This notebook failed" in page
    assert "What adds up?" in page
    assert json.loads((tmp_path / "results.json").read_text()) == {"results": []}
    assert json.loads((tmp_path / "manifest.json").read_text())["status"] == "failed"
