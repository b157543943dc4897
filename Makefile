# Every command of the project; `make` alone lists them.

PYTHON ?= python3
BIN := .venv/bin
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help setup run serve test golden browser bench soak check lint format types clean

# Installing leaves compiling to the first import, so what that makes must be kept, whatever the environment says: else
# every process compiles all anew, and a server's start takes three times as long.
export PYTHONDONTWRITEBYTECODE :=

# A stamp's name says what is installed, so that a start has nothing to ask pip when neither the requirements nor
# Python's version changed.
version := import sys; print("%d.%d" % sys.version_info[:2])
python_version := $(shell $(PYTHON) -c '$(version)')
stamp = .venv/$(1)-$(python_version)-$(shell cat $(2) | sha256sum | cut -c 1-12)
RUNTIME := $(call stamp,runtime,requirements.txt)
TOOLS := $(call stamp,tools,requirements.txt requirements-dev.txt)

help: ## list these commands
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' Makefile | expand -t 16

setup: $(TOOLS) ## create .venv with all that running and testing need

run: $(RUNTIME) ## start server and app, the first time with samples in project demo; ARGS="--http-port 5318"
	@exec $(BIN)/python run.py $(ARGS)

serve: $(RUNTIME) ## start the server alone; ARGS as for run
	@exec $(BIN)/python server.py $(ARGS)

test: $(TOOLS) ## set up, check, then run every test; ARGS="-k retry" goes on to pytest
	@$(MAKE) --no-print-directory --jobs 2 --output-sync check
	@$(find_chromium); $(BIN)/pytest $(on_all_cores) --durations=10 $$skipped $(ARGS) && code=0 || code=$$?; $(say_skipped); exit $$code

browser: $(TOOLS) ## run the browser tests alone
	@$(find_chromium); $(say_skipped); [ -n "$$skipped" ] || exec $(BIN)/pytest tests/browser $(ARGS)

golden: $(TOOLS) ## rewrite tests/queries/golden; read the difference before committing it
	$(BIN)/pytest tests/queries --update-golden $(ARGS)

bench: $(RUNTIME) ## measure, and write bench/RESULTS.md; ARGS="ingest --spans 1000000", ARGS=--help
	@exec $(BIN)/python -m bench $(ARGS)

soak: $(TOOLS) ## faults, hostile input and load at full size, for hours; ARGS="kills fuzz", ARGS=--help
	@exec $(BIN)/python -m tests.soak $(ARGS)

check: lint types ## lint, format and types, changing nothing
	$(BIN)/ruff format --check .

lint: $(TOOLS) ## lint Python and SQL
	$(BIN)/ruff check .
	$(BIN)/sqlfluff lint --processes 2 --disable-progress-bar ingest queries

format: $(TOOLS) ## format Python
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

types: $(TOOLS) ## check types
	$(BIN)/mypy

clean: ## remove .venv and caches; data/ stays
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

pip_install := $(BIN)/pip install --quiet --no-compile --disable-pip-version-check --requirement

$(RUNTIME):
	@$(make_venv)
	@echo "installing requirements.txt; the first time this takes a minute or two"
	@$(pip_install) requirements.txt
	@rm -f .venv/runtime-* .venv/tools-* && touch $@

$(TOOLS): $(RUNTIME)
	@echo "installing requirements-dev.txt"
	@$(pip_install) requirements-dev.txt
	@rm -f .venv/tools-* && touch $@

define make_venv
$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	|| { echo "Runlight needs Python 3.11 or newer; name one: make PYTHON=python3.12 …"; exit 1; }; \
if [ "$$($(BIN)/python -c 'import pip; $(version)' 2>/dev/null)" != "$(python_version)" ]; then \
	$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { $(call apt_install,python3-venv); } \
		|| { echo "this Python cannot make a virtual environment; on Debian: apt-get install python3-venv"; exit 1; }; \
	$(PYTHON) -m venv --clear .venv; \
fi
endef

# A file of tests stays in one process (tests/conftest.py says of how many); ARGS="-n 0" runs all in one.
on_all_cores = --numprocesses=auto --dist=loadfile --no-loadscope-reorder

# Debian's chromium drives the browser tests; where it can be neither found nor installed they are left out, loudly.
find_chromium = skipped=; command -v chromium >/dev/null || { $(call apt_install,chromium); } \
	|| skipped=--ignore=tests/browser
say_skipped = [ -z "$$skipped" ] || echo "*** NOT RUN: the browser tests (tests/browser): no chromium here, and apt-get could not install it ***"

# Installs a Debian package as root or through a sudo that asks nothing; fails quietly where neither is allowed.
define apt_install
as_root="env DEBIAN_FRONTEND=noninteractive"; [ "$$(id -u)" = 0 ] || as_root="sudo -n $$as_root"; \
command -v apt-get >/dev/null && $$as_root true 2>/dev/null && echo "installing Debian's $(1)" && { \
	$$as_root apt-get install -qq --no-install-recommends $(1) >/dev/null 2>&1 \
	|| { $$as_root apt-get update -qq && $$as_root apt-get install -qq --no-install-recommends $(1) >/dev/null; }; }
endef
