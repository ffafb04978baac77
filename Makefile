# Everything runs in .venv, made from pyproject.toml and constraints.txt.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/installed
FOLDERS := $(shell find symbolic numeric experiments -type d -not -name __pycache__)

.PHONY: run reproduce test test-slow check format clean

run: $(INSTALLED)
	$(BIN)/repdyn derive --output results/derivation.html
	$(BIN)/repdyn run default
	$(BIN)/repdyn run digits

reproduce: $(INSTALLED)
	$(BIN)/repdyn reproduce --scale quick
	$(BIN)/repdyn report --scale quick

test: $(INSTALLED)
	$(BIN)/pytest -n 2 tests --pyargs repdyn.symbolic repdyn.numeric repdyn.experiments

test-slow: $(INSTALLED)
	$(BIN)/pytest -m slow tests

check: $(INSTALLED)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/pyright --pythonpath $(BIN)/python

format: $(INSTALLED)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# The strict editable mode links file by file, which type checkers can follow: reinstall when files come or go.
$(INSTALLED): pyproject.toml constraints.txt $(FOLDERS)
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --config-settings editable_mode=strict --editable '.[dev]'
	touch $@

clean:
	rm -rf $(VENV) build results *.egg-info
