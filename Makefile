# Smart Agent: `make run` starts it, `make test` tests it. Both need only Python 3.11 or newer and make.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
PY := .venv/bin/python

.PHONY: run test lint bench
.DEFAULT_GOAL := run

.venv: requirements.txt
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Smart Agent needs Python 3.11 or newer.")'
	"$(PYTHON)" -m venv .venv
	$(PY) -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch .venv

run: .venv
	$(PY) manage.py up

test: .venv
	$(PY) -m pytest -n auto

lint: .venv
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports
	$(PY) manage.py makemigrations --check --dry-run
	HTTPS=on SECRET_KEY=$$($(PY) -c 'import secrets; print(secrets.token_urlsafe(64))') $(PY) manage.py check --deploy --fail-level WARNING

bench: .venv
	$(PY) manage.py bench tick --rules 100000
