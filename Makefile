# Smart Agent: `make run` starts it (ARGS="--port 8001" goes to `manage.py up`), `make test` tests it. Both need only Python 3.11 or newer, and make.
# The first Python that runs and is new enough.
PYTHON ?= $(shell for python in python3.11 python3 python3.12 python3.13 python3.14; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)
PY := .venv/bin/python
# Modules are compiled once, not again by every process that is started.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: run test test-long axe lint audit bench faults soak browser
.DEFAULT_GOAL := run

.venv: requirements.txt
	@test -n "$(PYTHON)" || { echo "Smart Agent needs Python 3.11 or newer: install it, or name it by PYTHON=/path." >&2; exit 1; }
	@echo "Making .venv and installing what requirements.txt names ..."
	@"$(PYTHON)" -m venv .venv || { echo "This Python cannot make virtual environments (Debian: apt-get install python3-venv)." >&2; exit 1; }
	@$(PY) -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch .venv

TESTS := .venv/with-tests
$(TESTS): requirements.txt tests/requirements.txt | .venv
	@echo "Installing what tests/requirements.txt names ..."
	@$(PY) -m pip install --quiet --disable-pip-version-check -r tests/requirements.txt
	@touch $(TESTS)

run: .venv
	@$(PY) manage.py up $(ARGS)

# One more than there are cores: tests of the browser and of processes wait for others.
WORKERS ?= $(shell expr $$(getconf _NPROCESSORS_ONLN) + 1)
PYTEST := $(PY) -m pytest -n $(WORKERS) --dist worksteal

test: $(TESTS) browser
	$(PYTEST)

# The same tests with more random examples: five times as many of the costly ones, ten times as many of the others, and
# 20,000 requests to the API and to the pages. Another seed each time: what failed is found again by SEED=.
SEED ?= $(shell date +%s)
test-long: $(TESTS) browser
	@echo "Seed $(SEED): to repeat, make test-long SEED=$(SEED)"
	@date; MORE_EXAMPLES=5 HYPOTHESIS_PROFILE=nightly FUZZ_REQUESTS=20000 FUZZ_PAGE_REQUESTS=2000 FUZZ_SEED=$(SEED) \
		$(PYTEST) --hypothesis-seed=$(SEED) --durations=20; date

# Accessibility and width of every kind of page of a running installation, by axe-core, which npm fetches (ARGS=--per-route=5):
# make axe AT=http://127.0.0.1:8000 EMAIL=admin@example.com PASSWORD=...
axe: $(TESTS) browser
	$(PY) -m tests.axe.run "$(AT)" "$(EMAIL)" "$(PASSWORD)" $(ARGS)

browser:
	@.ci/browser
	@.ci/servers

lint: $(TESTS)
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports
	$(PY) manage.py makemigrations --check --dry-run
	HTTPS=on SECRET_KEY=$$($(PY) -c 'import secrets; print(secrets.token_urlsafe(64))') $(PY) manage.py check --deploy --fail-level WARNING

# No secrets in the repository, and no known vulnerability in a package; AUDIT=required fails where the latter cannot be asked.
audit: $(TESTS)
	$(PY) .ci/find_secrets.py
	$(PY) .ci/advisories.py

bench: .venv
	$(PY) manage.py bench tick --rules 100000

# The whole system under load while one part after the other fails: make faults ARGS="--only worker-killed"
faults: .venv
	$(PY) manage.py bench faults --format json $(ARGS)

# The same load for two hours: make soak ARGS="--minutes 5"
soak: .venv
	$(PY) manage.py bench soak --format json $(ARGS)
