# Every target sets up what it needs: a fresh machine needs Python >= 3.11 and make, nothing else.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
SUITE  ?= shift

.DEFAULT_GOAL := help
.PHONY: help evaluate draw test test-thorough check lint types benchmark reports clean

help:  ## Show this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 24

evaluate: $(VENV)/installed  ## Evaluate the shipped fc and cnn on a suite (SUITE=shift) and write the report
	$(BIN)/robustmnist evaluate --suite $(SUITE) --checkpoint fc --checkpoint cnn --dataset auto
	@echo 'Go on with:  . $(BIN)/activate && robustmnist --help'

draw: $(VENV)/installed  ## Write the page to draw a digit on, and open it
	$(BIN)/robustmnist draw --dataset auto

test: $(VENV)/installed-test  ## Run the tests
	$(BIN)/python -m pytest

test-thorough: $(VENV)/installed-test  ## Try every property on 200 new examples, where the tests try 15
	$(BIN)/python -m pytest -m hypothesis --hypothesis-profile=thorough

check: lint types test  ## Run ruff, mypy --strict and the tests

lint: $(VENV)/installed-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/installed-test
	$(BIN)/mypy

benchmark: $(VENV)/installed-test  ## Measure speed against peers and against the bare forward pass
	$(BIN)/python -m benchmarks

reports: $(VENV)/installed  ## Make the published results in reports/ again (needs MNIST)
	$(BIN)/python -m reports

clean:  ## Remove the environment and the caches; runs/ stays
	rm -rf $(VENV) build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis

# The stamp files make a second call install nothing; a change of setup.cfg installs again.
$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "robustmnist needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) --version 2>&1). Name another: make PYTHON=python3.12 ..."; exit 2; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/installed: setup.cfg pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(VENV)/installed-test: setup.cfg pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[test]'
	@touch $@ $(VENV)/installed
