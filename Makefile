# From a fresh clone with Python, make and git, `make report` and `make test` are all there is to know.

# The first of these that really runs: a version manager's stand-ins exist and fail, and Debian's Python may lack venv.
SUPPORTED := import ensurepip, sys, venv; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))
PYTHON ?= $(shell for name in python3.11 python3.12 python3.13 python3; do \
	"$$name" -c '$(SUPPORTED)' >/dev/null 2>&1 && { echo "$$name"; break; }; done)

MARK ?= not slow
LAB_OPTIONS ?=
ONLY ?=
CALIBRATE_OPTIONS ?=
REPORT_OPTIONS ?=
TEST_OPTIONS ?=

BIN := .venv/bin
STAMP := .venv/.installed
PEERS := .venv-bench/.installed
NOTEBOOKS = $$(find notebooks -name '*.ipynb' -not -path '*/.ipynb_checkpoints/*')

.DEFAULT_GOAL := help
.PHONY: help report test lab bench lint format calibrate clean constraints anew

help:  ## List these targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' Makefile

report: $(STAMP)  ## Run the notebooks and publish a report (REPORT_OPTIONS="-p cohort=mine.csv")
	@$(BIN)/firstsign report $(REPORT_OPTIONS)
	@echo "Open reports/index.html in a browser."

test: $(STAMP)  ## Run the tests; MARK=slow for the slow ones only, MARK= for all of them
	@$(BIN)/python -m pytest -n 2 -m "$(MARK)" $(TEST_OPTIONS)

lab: $(STAMP)  ## Open the notebooks in JupyterLab (LAB_OPTIONS="--no-browser")
	@$(BIN)/jupyter lab $(LAB_OPTIONS) notebooks

bench: $(PEERS)  ## Compare times with other packages (minutes); BENCH_PEOPLE=100000 for a quick look
	@.venv-bench/bin/python -m benchmarks.run
	@.venv-bench/bin/python -m benchmarks.simulation

lint: $(STAMP)  ## Check style, types and that notebooks are committed without outputs
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy
	@$(BIN)/nbstripout --keep-id --verify $(NOTEBOOKS)

format: $(STAMP)  ## Put the code in house style and strip the notebooks' outputs
	@$(BIN)/ruff check --fix
	@$(BIN)/ruff format
	@$(BIN)/nbstripout --keep-id $(NOTEBOOKS)

calibrate: $(STAMP)  ## Simulate cohorts, and write each estimator's bias and coverage anew (ONLY="turnbull|cox")
	@PYTHONPATH=tests $(BIN)/python -m calibration --only "$(ONLY)" $(CALIBRATE_OPTIONS)
	@$(BIN)/python -m firstsign.calibrate
	@PYTHONPATH=tests $(BIN)/python -m calibration.scorecard --only "$(ONLY)"

clean:  ## Remove .venv, .venv-bench and caches; reports stay
	rm -rf .venv .venv-bench .mypy_cache .pytest_cache .ruff_cache .hypothesis dist
	find src tests benchmarks notebooks -name __pycache__ -prune -exec rm -rf {} +
	find notebooks -name .ipynb_checkpoints -prune -exec rm -rf {} +

constraints:  ## Choose the newest versions that pyproject.toml allows (needs uv)
	uv pip compile pyproject.toml --extra dev --python-version 3.11 --upgrade --no-header --no-annotate \
		--no-emit-index-url --no-emit-find-links -o constraints.txt

# The stamp holds the folder it was made in, because an environment that was copied or moved still runs the old checkout.
ifneq ($(shell test -x $(BIN)/python && cat $(STAMP) 2>/dev/null),$(CURDIR))
$(STAMP): anew
endif

# The stamp goes first and comes back last: without it the next run starts over, so nothing half-installed is ever used.
$(STAMP): constraints.txt pyproject.toml
	@test -n "$(PYTHON)" || { echo "No Python from 3.11 to 3.13 (with venv and pip) was found. Install one, or name it:" \
		"make PYTHON=/path/to/python3" >&2; exit 1; }
	@"$(PYTHON)" -c '$(SUPPORTED)' || { echo "$(PYTHON) is not a Python from 3.11 to 3.13 with venv and pip." \
		"Choose another: make PYTHON=/path/to/python3" >&2; exit 1; }
	@echo "Installing into .venv, about a minute..."
	@if test -x $(BIN)/python && test "$$(cat $(STAMP) 2>/dev/null)" = "$(CURDIR)"; then rm $(STAMP); \
		else "$(PYTHON)" -m venv --clear .venv; fi
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@echo "$(CURDIR)" > $(STAMP)

# The other packages have an environment of their own, so that nothing of ours is ever tested beside them.
$(PEERS): $(STAMP) benchmarks/constraints.txt
	@echo "Installing the packages to compare with into .venv-bench..."
	@$(BIN)/python -m venv --clear .venv-bench
	@.venv-bench/bin/python -m pip install --quiet --disable-pip-version-check -c constraints.txt \
		-c benchmarks/constraints.txt -e '.[bench]'
	@touch $(PEERS)
