# Every target works on a fresh clone: the environment in .venv is made when it is missing or out of date.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
FASHION := /usr/share/datasets/fashion-mnist
APT := apt-get install --no-install-recommends
# $(call needs,TEST,PACKAGES): installs them where the test fails and that is possible, and else names the line.
needs = { $(1); } || { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && apt-get update -qq && \
  DEBIAN_FRONTEND=noninteractive $(APT) -qq -y $(2) >/dev/null; }; \
  { $(1); } || { echo "missing: $(2). As root, on Debian: $(APT) $(2)"; exit 1; }

.DEFAULT_GOAL := help
.PHONY: help install run test check unit slow scripts browser servers shell-tools data bench screenshots format clean

help:  ## say what can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 13

install: $(STAMP)  ## make the environment in .venv

$(STAMP): requirements.txt requirements-dev.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Espalier needs Python 3.11 or newer; name one: make PYTHON=python3.11"; exit 1; }
	@$(call needs,$(PYTHON) -c 'import ensurepip' 2>/dev/null,python3-venv)
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

# The scripts of the pages: Node (Debian 12's 18, or newer) runs their tests, nothing is built.
scripts:
	@$(call needs,command -v node >/dev/null,nodejs)
	node --test tests/js/*.test.js

unit: $(STAMP) browser servers shell-tools data
	$(BIN)/pytest -n 2 --dist worksteal

slow: $(STAMP)  ## the tests that take long: every classifier of torchvision
	$(BIN)/pytest -n 2 --dist worksteal -m slow

# The end-to-end tests drive Debian's Chromium.
browser:
	@$(call needs,test -x /usr/bin/chromium,chromium)

# Some tests start PostgreSQL and Redis of their own.
servers:
	@$(call needs,command -v redis-server >/dev/null && \
	  { command -v initdb || ls /usr/lib/postgresql/*/bin/initdb || ls /opt/*/bin/initdb; } >/dev/null 2>&1,postgresql redis-server)

# The examples of docs/api.md are run as they stand.
shell-tools:
	@$(call needs,command -v curl >/dev/null && command -v jq >/dev/null && command -v unzip >/dev/null,curl jq unzip)

# One test reads the real Fashion-MNIST, and says that it was left out where there is none.
data:
	@($(call needs,test -d $(FASHION),dataset-fashion-mnist)) || true

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
