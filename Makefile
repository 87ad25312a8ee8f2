# Every target works on a fresh clone: the environment in .venv is made when it is missing or out of date.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
FASHION := /usr/share/datasets/fashion-mnist
# Installs a Debian package where that is possible; whoever needs it looks whether it is there.
debian = [ "$$(id -u)" != 0 ] || ! command -v apt-get >/dev/null || { apt-get update -qq && apt-get install -qq -y $(1) >/dev/null; }

.DEFAULT_GOAL := help
.PHONY: help install run test check unit scripts browser servers shell-tools data bench screenshots format clean

help:  ## say what can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 13

install: $(STAMP)  ## make the environment in .venv

$(STAMP): requirements.txt requirements-dev.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Espalier needs Python 3.11 or newer; name one: make PYTHON=python3.11"; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || { $(call debian,python3-venv); }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || \
	  { echo "this Python cannot make environments; on Debian: apt-get install python3-venv"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@

run: $(STAMP)  ## start everything on this machine: pages, coordinator, a worker for each device
	@exec $(BIN)/python -m webapp.embedded

test: check scripts unit  ## lint, types, import rules and all tests

check: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

# The scripts of the pages: Node runs their tests, nothing is built.
scripts:
	@command -v node >/dev/null || { $(call debian,nodejs); }
	@command -v node >/dev/null || { echo "the tests of the scripts need Node 20.19 or newer"; exit 1; }
	node --test tests/js/*.test.js

unit: $(STAMP) browser servers shell-tools data
	$(BIN)/pytest -n 2 --dist worksteal

# The end-to-end tests drive Debian's Chromium.
browser:
	@test -x /usr/bin/chromium || { $(call debian,chromium); }
	@test -x /usr/bin/chromium || { echo "the end-to-end tests need Chromium: apt-get install chromium"; exit 1; }

# One test reads the real Fashion-MNIST. Where it cannot be installed, the test says that it was left out.
# Some tests start PostgreSQL and Redis of their own; without them they fail with the install line.
servers:
	@command -v redis-server >/dev/null && ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 \
	  || { $(call debian,postgresql redis-server); }

# The examples of docs/api.md are run as they stand.
shell-tools:
	@command -v curl >/dev/null && command -v jq >/dev/null && command -v unzip >/dev/null \
	  || { $(call debian,curl jq unzip); }

data:
	@test -d $(FASHION) || { $(call debian,dataset-fashion-mnist); }
	@test -d $(FASHION) || echo "Fashion-MNIST is missing; on Debian: apt-get install dataset-fashion-mnist"

bench: $(STAMP) browser servers  ## run the benchmarks that take minutes
	$(BIN)/python -m benchmarks.transformations
	$(BIN)/python -m benchmarks.controller
	$(BIN)/python -m benchmarks.training
	$(BIN)/python -m benchmarks.search_overhead
	$(BIN)/python -m benchmarks.pages
	$(BIN)/python -m benchmarks.live

screenshots: $(STAMP) browser  ## take a picture of every page into docs/screenshots/
	$(BIN)/python -m tests.end_to_end.screenshots

format: $(STAMP)  ## format the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:  ## remove the environment and caches
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis
