# Every target works on a fresh clone: the environment in .venv is made when it is missing or out of date.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
# Checks the scripts and styles of the pages; nobody needs it to run Espalier.
NODE_STAMP := node_modules/.installed
# Three processes on two cores: tests that start servers wait more than they work.
PYTEST := $(BIN)/pytest -n 3 --dist worksteal --durations 10
GPU_PYTHON ?= $(BIN)/python
FASHION := /usr/share/datasets/fashion-mnist
APT := apt-get install --no-install-recommends
# $(call needs,TEST,PACKAGES): installs them where the test fails and that is possible, and else names the line.
needs = { $(1); } || { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && apt-get update -qq && \
  DEBIAN_FRONTEND=noninteractive $(APT) -qq -y $(2) >/dev/null; }; \
  { $(1); } || { echo "missing: $(2). As root, on Debian: $(APT) $(2)"; exit 1; }

# Processes that find our own modules compiled start in half the time.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help install run test quick check unit slow faults scripts browser servers hosts shell-tools data bench gpu screenshots format clean

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

$(NODE_STAMP): package.json package-lock.json
	@$(call needs,command -v npm >/dev/null,npm)
	npm ci --silent --no-audit --no-fund
	@touch $@

run: $(STAMP)  ## start everything on this machine: pages, coordinator, a worker for each device
	@exec $(BIN)/python -m webapp.embedded

test: check scripts unit  ## lint, types, import rules and all tests; ESPALIER_TEST_DEVICE=cuda: on a GPU

quick: $(STAMP)  ## tests without browser, servers and what takes seconds each: two minutes
	$(PYTEST) -m 'not (slow or thorough or browser or servers)'

check: $(STAMP) $(NODE_STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	npx prettier --check static tests/js
	npx tsc --project jsconfig.json

faults: $(STAMP) servers  ## kill processes a hundred times, on SQLite and on PostgreSQL and Redis
	ESPALIER_FAULTS=$${ESPALIER_FAULTS:-100} $(BIN)/pytest -m slow -s tests/faults

# The scripts of the pages: Node (Debian 12's 18, or newer) runs their tests, nothing is built.
scripts:
	@$(call needs,command -v node >/dev/null,nodejs)
	node --test tests/js/*.test.js

unit: $(STAMP) browser servers shell-tools data
	$(PYTEST)

slow: $(STAMP) servers hosts  ## the tests that take long: every classifier of torchvision
	$(PYTEST) -m slow

# The end-to-end tests drive Debian's Chromium.
browser:
	@$(call needs,test -x /usr/bin/chromium,chromium)

# Some tests start PostgreSQL, Redis and OpenStack Swift, which speaks S3, of their own.
servers:
	@$(call needs,command -v redis-server >/dev/null && \
	  { command -v initdb || ls /usr/lib/postgresql/*/bin/initdb || ls /opt/*/bin/initdb; } >/dev/null 2>&1,postgresql redis-server)
	@$(call needs,/usr/bin/python3 -Ic 'import swift' 2>/dev/null,python3-swift)

# One test makes hosts of its own where it runs as root, and says elsewhere that it was left out.
hosts:
	@($(call needs,command -v ip >/dev/null,iproute2)) || true

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
	$(BIN)/python -m benchmarks.load

gpu:  ## check and measure a GPU in ten minutes; needs torch alone: make gpu GPU_PYTHON=python3
	$(GPU_PYTHON) -m benchmarks.gpu

screenshots: $(STAMP) browser  ## take a picture of every page into docs/screenshots/
	$(BIN)/python -m tests.end_to_end.screenshots

format: $(STAMP) $(NODE_STAMP)  ## format the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	npx prettier --write static tests/js

clean:  ## remove the environment and caches
	rm -rf $(VENV) node_modules .mypy_cache .ruff_cache .pytest_cache .hypothesis
