# Every target works on a fresh clone: the environment in .venv is made when it is missing or out of date.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
FASHION := /usr/share/datasets/fashion-mnist
DEMO := var/digits-demo

.DEFAULT_GOAL := help
.PHONY: help install run test check unit data bench format clean

help:  ## say what can be made
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

install: $(STAMP)  ## make the environment in .venv

$(STAMP): requirements.txt requirements-dev.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Espalier needs Python 3.11 or newer; name one: make PYTHON=python3.11"; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || \
	  { echo "this Python cannot make environments; on Debian: apt-get install python3-venv"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@

run: $(STAMP)  ## grow a network on handwritten digits, in the terminal; go on where it was
	$(BIN)/python -m search_engine search $(if $(wildcard $(DEMO)/config.json),--resume,--out) $(DEMO)

test: check unit  ## lint, types, import rules and all tests

check: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

unit: $(STAMP) data
	$(BIN)/pytest -n 2

# One test reads the real Fashion-MNIST. Where it cannot be installed, the test says that it was left out.
data: $(FASHION)

$(FASHION):
	@if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  apt-get update -qq && apt-get install -qq -y dataset-fashion-mnist; \
	else \
	  echo "Fashion-MNIST is not on this machine; on Debian: apt-get install dataset-fashion-mnist"; \
	fi

bench: $(STAMP)  ## run the benchmarks that take minutes
	$(BIN)/python -m benchmarks.transformations
	$(BIN)/python -m benchmarks.controller
	$(BIN)/python -m benchmarks.training
	$(BIN)/python -m benchmarks.search_overhead

format: $(STAMP)  ## format the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:  ## remove the environment and caches
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis
