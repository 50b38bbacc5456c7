# The only entry points: a person and the continuous integration call the same ones.

# Python 3.11 or later. uv is used where it is at hand, for speed; venv and pip do the same.
PYTHON ?= python3
UV := $(shell uv --version >/dev/null 2>&1 && echo uv)
VENV := .venv
PY := $(VENV)/bin/python
# A base stamp is also made by install-dev, whose lock contains the base.
BASE := $(VENV)/.installed-base
DEV := $(VENV)/.installed-dev
LOCK := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate

.PHONY: help install install-dev run test soak lint bench lock

help:  ## This list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "make %-12s %s\n", $$1, $$2 }'

install: $(BASE)  ## The environment in .venv: make install PYTHON=python3.12

install-dev: $(DEV)  ## The environment with what tests and linters need

run: $(BASE)  ## Everything on this machine, at http://127.0.0.1:8000: make run PORT=9000
	@$(PY) -m config.run

test: $(DEV)  ## The whole suite, on services of its own: make test ARGS="tests/ledger -k reversal"
	@$(PY) -m pytest -n 2 --dist worksteal $(ARGS)

soak: $(DEV)  ## The state machine with random seeds: make soak MINUTES=60, or one round again: make soak SEED=4711
	@MINUTES=$(MINUTES) SEED=$(SEED) $(PY) -m pytest -q -s -p no:cacheprovider tests/soak.py

lint: $(DEV)  ## Formatter, linter, types, import contracts, migrations, deployment checks
	$(PY) -m ruff format --check .
	$(PY) -m ruff check .
	$(PY) -m mypy .
	$(VENV)/bin/lint-imports
	$(PY) manage.py makemigrations --check --dry-run
	@echo 'manage.py check --deploy, with production settings'
	@SECRET_KEY=$$($(PY) -c 'import secrets; print(secrets.token_urlsafe(50))') ALLOWED_HOSTS=example.org \
		DRAWDOWN_ENV=production $(PY) manage.py check --deploy --fail-level WARNING

bench: $(BASE)  ## The benchmarks, one JSON object per line: make bench ARGS=--help
	@$(PY) manage.py bench $(ARGS)

lock:  ## Bring requirements/ up to the ranges of pyproject.toml (needs uv); UPGRADE=--upgrade takes the newest
	$(LOCK) $(UPGRADE) pyproject.toml --output-file requirements/base.txt
	$(LOCK) $(UPGRADE) pyproject.toml --extra dev --constraint requirements/base.txt --output-file requirements/dev.txt

$(BASE): requirements/base.txt
	$(call installed,$<)
	@touch $@

$(DEV): requirements/dev.txt
	$(call installed,$<)
	@touch $(BASE) $@

# What is in the lock, and only as it was locked: every file has to match its hash.
define installed
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo 'Drawdown needs Python 3.11 or later: make install PYTHON=/path/to/python3.11' >&2; exit 1; }
	$(if $(UV),\
		@test -x $(PY) || uv venv --quiet --python $(PYTHON) $(VENV),\
		@$(PY) -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv $(VENV))
	$(if $(UV),\
		@uv pip install --quiet --python $(PY) --require-hashes -r $(1),\
		@$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r $(1))
endef
