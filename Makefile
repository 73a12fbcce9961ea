# make trial   sets everything up, measures Flotilla on an embedded PostgreSQL, prints the answer
# make test    sets everything up, runs the tests
# make test-long  those that start whole apps for a minute or more each, and properties a thousand times: before a release
# make check   format, lint, types, layers, house rules (under 50 s)
PYTHON ?= python3
BIN := .venv/bin
# Hundreds of programs are started: each would compile all that it imports again.
unexport PYTHONDONTWRITEBYTECODE
# Whole visits in a browser: Playwright keeps an event loop in its process, beside which no other can run.
BROWSED := packages/flotilla/tests/e2e
TOGETHER := -m "not quiet and not long" --ignore $(BROWSED) --ignore tests/test_house.py

.PHONY: trial test crowded browsed test-long check types rules setup lock clean

trial: setup
	$(BIN)/seatrial measure trials/flotilla/seatrial.toml

test: setup
	$(BIN)/python tests/system_packages.py
	@$(MAKE) --no-print-directory --jobs 2 crowded browsed
	$(BIN)/pytest -m "quiet and not long" packages/seatrial/tests

# Collected once beforehand: else each of the four compiles every test by itself.
crowded:
	@$(BIN)/pytest --collect-only -qq $(TOGETHER) >/dev/null || true
	$(BIN)/pytest --numprocesses 4 --dist worksteal $(TOGETHER)

# Told in one piece: the dots of two would run into each other.
browsed:
	@told=$$(mktemp); trap "rm -f $$told" EXIT; $(BIN)/pytest --numprocesses 2 -m "not long" $(BROWSED) >$$told 2>&1; ended=$$?; cat $$told; exit $$ended

test-long: setup
	HYPOTHESIS_PROFILE=thorough $(BIN)/pytest --numprocesses 2 -m hypothesis packages/seatrial/tests
	$(BIN)/pytest -m long --ignore $(BROWSED)
	$(BIN)/pytest -m long $(BROWSED)

check: setup
	@$(MAKE) --no-print-directory --jobs 2 types rules

types:
	$(BIN)/mypy packages/seatrial/src packages/flotilla/src trials/flotilla/journeys.py

rules:
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports
	$(BIN)/pytest -q tests/test_house.py

setup: .venv/.ready

.venv/.ready: requirements.lock packages/seatrial/pyproject.toml packages/flotilla/pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; this is " + sys.version.split()[0] + ". Point make at another one: make PYTHON=python3.12 trial")'
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --require-hashes --no-deps -r requirements-uv.lock
	$(BIN)/uv pip sync --quiet --compile-bytecode --require-hashes requirements.lock
	$(BIN)/uv pip install --quiet --no-deps --no-build-isolation -e packages/seatrial -e packages/flotilla
	@touch $@

# Names, versions and hashes only: no download addresses.
lock:
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --extra postgres --extra services --extra s3 --extra valkey \
	  packages/seatrial/pyproject.toml packages/flotilla/pyproject.toml requirements-dev.in -o requirements.lock
	grep -A 99 '^uv==' requirements.lock | awk 'NR > 1 && /^[a-z]/ { exit } { print }' | sed '/^ *#/d' > requirements-uv.lock

clean:
	rm -rf .venv trials/*/results
