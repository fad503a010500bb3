# Everything a contributor or a CI job runs. On a fresh machine: `make demo` or `make test`, nothing before it.
# Needs Python 3.11 or newer with venv, bash and make; everything else goes into .venv.

PYTHON ?= python3
# Two workers a core, up to four: much of the time the tests wait for real servers and processes of their own.
WORKERS ?= 4

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help
.NOTPARALLEL:

BIN := .venv/bin
READY := .venv/.ready
# Twice quiet: errors only, not what this machine's own pip settings are warned about.
PIP := $(BIN)/python -m pip --quiet --quiet --disable-pip-version-check --no-input
PIN := CUSTOM_COMPILE_COMMAND="make requirements" $(BIN)/pip-compile --quiet --generate-hashes --no-emit-index-url \
       --no-emit-find-links --no-emit-trusted-host --strip-extras --allow-unsafe --extra sandbox --extra parquet

PIN_BENCH := $(subst  --extra sandbox --extra parquet,,$(PIN))

.PHONY: help setup demo test check lint types imports docs docs-update fmt schemas soak mutants bench requirements clean

help: ## show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | \
	  while IFS=$$'\t' read -r name what; do printf '  make %-13s %s\n' "$$name" "$$what"; done

# -- set up

# Compiled as pip would: where Python is told to write no bytecode, every start would compile all modules again.
setup: $(READY) ## make .venv with everything pinned; does nothing when it is up to date
	@$(BIN)/python -m compileall -q reconciler

$(READY): requirements/dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "make: Python 3.11 or newer is needed; choose one with: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
	  { echo "make: this Python has no venv; on Debian: apt install python3-venv" >&2; exit 1; }
	@echo "Setting up .venv (about a minute, once) ..." >&2
	@$(PYTHON) -m venv .venv
# The file names everything, so nothing is to be resolved: older pips look past a pin when an extra of it is asked for.
	@$(PIP) install --no-deps --require-hashes --requirement requirements/dev.txt
	@$(BIN)/python -m pip check --quiet --disable-pip-version-check
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

# -- use

demo: setup ## plan, apply, watch, change and apply again against a sandbox on this machine
	@PATH="$(CURDIR)/$(BIN):$$PATH" bash examples/demo.sh

# -- check

check: lint types imports test ## all that CI runs (the docs checks are part of the tests)

test: setup ## run all tests and measure branch coverage
	@$(BIN)/python -m pytest --numprocesses $(WORKERS) --dist loadgroup --cov

lint: setup ## format and lint, changing nothing
	@$(BIN)/ruff format --quiet --check . || { echo "lint: not formatted as above says; run: make fmt" >&2; exit 1; }
	@$(BIN)/ruff check --quiet .

types: setup ## mypy --strict
	@$(BIN)/mypy

imports: setup ## who may import whom
	@$(BIN)/lint-imports --no-logo

docs: setup ## only the docs checks: code blocks, options, links
	@$(BIN)/python -m pytest tests/docs

# -- change

fmt: setup ## format, and fix what can be fixed by itself
	@$(BIN)/ruff check --quiet --fix-only .
	@$(BIN)/ruff format --quiet .

docs-update: setup ## put the current --help texts into the docs
	@$(BIN)/python -m tests.docs.update

schemas: setup ## write the JSON Schemas of manifests and plans
	@$(BIN)/campaign schema --write schemas/

requirements: setup ## pin the newest versions pyproject.toml and requirements/dev.in allow
	@$(PIN) --upgrade --output-file requirements/runtime.txt pyproject.toml
	@$(PIN) --upgrade --constraint requirements/runtime.txt --output-file requirements/dev.txt pyproject.toml requirements/dev.in
	@$(PIN_BENCH) --upgrade --output-file requirements/bench.txt requirements/bench.in

soak: setup ## kill and cut off random applies for MINUTES (5), and count calls made twice or forgotten
	@$(BIN)/python -m tests.real.soak $(or $(MINUTES),5) $(SEED)

mutants: setup ## take out each safeguard and see a named test turn red
	@$(BIN)/python -m tests.mutants

bench: setup ## measure, beside a floor and peers; BIG=1 for ten million calls, ONLY=plan,apply for a part
	@$(BIN)/python -m bench

clean: ## remove .venv and everything else these targets made
	@rm -rf .venv .venv-bench .coverage .coverage.* htmlcov build dist .hypothesis .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
