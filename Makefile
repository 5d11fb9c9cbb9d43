# The verbs of the project. `make demo` and `make test` need Python 3.11 or newer and make.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

PYTHON ?= $(shell command -v python3.11 || command -v python3.12 || command -v python3.13 || command -v python3)
BIN := .venv/bin
MANAGE := $(BIN)/python manage.py
# The folder of secrets and database; `make run RADASSIGN_DATA_DIR=/srv/radassign` sets it too.
export RADASSIGN_DATA_DIR ?= $(CURDIR)/var
RUNTIME := .venv/.requirements
DEVELOPMENT := .venv/.requirements-dev
PYTEST_OPTIONS ?=
# Each worker has a database server of its own; what is in one file stays together. Files are
# handed out as tests/conftest.py orders them, the longest first.
WORKERS ?= -n auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder
# A browser and a server for each worker; one test of a browser is as good as another.
BROWSERS ?= -n auto --maxprocesses 2 --dist load

.PHONY: help install planning demo run test bench lint fmt types imports templates migrations check check-long lock chromium

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: $(RUNTIME) $(DEVELOPMENT) ## make the virtual environment with all pinned requirements

planning: $(RUNTIME) ## add the solver that works out rosters; everything else works without it
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-planning.txt

demo: $(RUNTIME) ## run everything with demo data and a simulated RIS; Ctrl-C ends it
	@exec $(MANAGE) up --demo

run: $(RUNTIME) ## run everything, without demo data and simulators; Ctrl-C ends it
	@exec $(MANAGE) up

test: $(DEVELOPMENT) chromium ## run all tests but the long ones
	@# Side by side what computes and what looks at pages; one after the other what measures time
	@# on sockets or kills processes. 5 is that a narrowing of the options left none of the kind.
	$(BIN)/pytest -m "not (long or e2e or fault or wire)" $(WORKERS) $(PYTEST_OPTIONS) || test $$? -eq 5
	$(BIN)/pytest -m "e2e and not (long or fault or wire)" $(BROWSERS) $(PYTEST_OPTIONS) || test $$? -eq 5
	$(BIN)/pytest -m "(fault or wire) and not long" $(PYTEST_OPTIONS) || test $$? -eq 5

bench: $(DEVELOPMENT) ## measure; prints a table and writes var/bench.json
	$(BIN)/python -m benchmarks

lint: $(DEVELOPMENT) ## ruff: rules and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

fmt: $(DEVELOPMENT) ## ruff: mend what can be mended
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

types: $(DEVELOPMENT) ## mypy --strict
	$(BIN)/mypy --strict apps radassign

imports: $(DEVELOPMENT) ## who may import whom
	$(BIN)/lint-imports

templates: $(DEVELOPMENT) ## djade: the format of the templates
	@files=$$(find templates -name '*.html' 2>/dev/null); \
	if [ -n "$$files" ]; then $(BIN)/djade --target-version 5.2 --check $$files; fi

migrations: $(DEVELOPMENT) ## are there models without a migration?
	@# No database is needed: what it could add is a look at the history of its migrations.
	$(BIN)/python -W "ignore:Got an error checking" manage.py makemigrations --check --dry-run

# The checks that run nothing of ours wait for the types, which one core reads; two at a time.
check: $(DEVELOPMENT) ## everything CI runs
	$(MAKE) -j2 types lint imports templates migrations
	$(MAKE) test

check-long: check ## everything, the long runs too
	$(BIN)/pytest -m long $(PYTEST_OPTIONS)

lock: $(DEVELOPMENT) ## compile requirements*.txt from requirements*.in, with hashes
	$(BIN)/uv pip compile --quiet --generate-hashes --python-version 3.11 requirements.in -o requirements.txt
	$(BIN)/uv pip compile --quiet --generate-hashes --python-version 3.11 requirements-planning.in -o requirements-planning.txt
	$(BIN)/uv pip compile --quiet --generate-hashes --python-version 3.11 requirements-dev.in -o requirements-dev.txt

chromium: $(DEVELOPMENT) # the browser of the e2e tests, where we may install it
	@$(BIN)/python -m tests.support.chromium

$(BIN)/python:
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	    || { echo "Python 3.11 or newer is needed; found $$("$(PYTHON)" --version 2>&1). Set PYTHON=..."; exit 1; }
	"$(PYTHON)" -m venv .venv

$(RUNTIME): requirements.txt | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	@touch $@

$(DEVELOPMENT): requirements-dev.txt $(RUNTIME)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@
