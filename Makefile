# make trial   sets everything up, measures Flotilla on an embedded PostgreSQL, prints the answer
# make test    sets everything up, runs every test
# make check   format, lint, types, layers, house rules (under 50 s)
PYTHON ?= python3
BIN := .venv/bin
# Tests that need no quiet machine and look at nothing but what they started; they mostly wait.
SIDE_BY_SIDE := packages/seatrial/tests/unit packages/flotilla/tests/unit packages/seatrial/tests/contract/load \
  $(filter-out %/test_load_frozen_server.py,$(wildcard packages/seatrial/tests/e2e/load/test_*.py)) packages/seatrial/tests/e2e/test_export_command.py \
  packages/seatrial/tests/e2e/test_plans_command.py packages/seatrial/tests/e2e/test_sample_apps.py packages/seatrial/tests/contract/report \
  $(addprefix packages/seatrial/tests/contract/,test_measure_queries.py test_testbed_postgres.py) \
  $(filter-out %/test_seed.py,$(wildcard packages/flotilla/tests/contract/test_*.py)) packages/flotilla/tests/e2e \
  tests/test_carrying_page.py tests/test_documents.py tests/test_flotilla_visits.py tests/test_journeys_page.py \
  tests/test_shown_commands.py

.PHONY: trial test check setup lock clean

trial: setup
	$(BIN)/seatrial measure trials/flotilla/seatrial.toml

test: setup
	$(BIN)/python tests/system_packages.py
	$(BIN)/pytest --numprocesses 4 $(SIDE_BY_SIDE)
	$(BIN)/pytest $(SIDE_BY_SIDE:%=--ignore %)

check: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy packages/seatrial/src packages/flotilla/src trials/flotilla/journeys.py
	$(BIN)/lint-imports
	$(BIN)/pytest -q tests/test_house.py

setup: .venv/.ready

.venv/.ready: requirements.lock packages/seatrial/pyproject.toml packages/flotilla/pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; this is " + sys.version.split()[0] + ". Point make at another one: make PYTHON=python3.12 trial")'
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --require-hashes --no-deps -r requirements-uv.lock
	$(BIN)/uv pip sync --quiet --require-hashes requirements.lock
	$(BIN)/uv pip install --quiet --no-deps --no-build-isolation -e packages/seatrial -e packages/flotilla
	@touch $@

# Names, versions and hashes only: no download addresses.
lock:
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --extra postgres \
	  packages/seatrial/pyproject.toml packages/flotilla/pyproject.toml requirements-dev.in -o requirements.lock
	grep -A 99 '^uv==' requirements.lock | awk 'NR > 1 && /^[a-z]/ { exit } { print }' | sed '/^ *#/d' > requirements-uv.lock

clean:
	rm -rf .venv trials/*/results
