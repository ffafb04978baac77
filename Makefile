# Everything runs in .venv, made from pyproject.toml and constraints.txt.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/installed
FOLDERS := $(shell find symbolic numeric experiments -type d -not -name __pycache__)

.PHONY: run reproduce test test-slow test-kernels bench coverage docs check format clean

run: $(INSTALLED)
	$(BIN)/repdyn derive --output results/derivation.html
	$(BIN)/repdyn run default
	$(BIN)/repdyn run digits

reproduce: $(INSTALLED)
	$(BIN)/repdyn reproduce --scale quick
	$(BIN)/repdyn report --scale quick

test: $(INSTALLED)
	$(BIN)/pytest -n 2 --dist worksteal tests --pyargs repdyn.symbolic repdyn.numeric repdyn.experiments

test-slow: $(INSTALLED)
	$(BIN)/pytest -m slow tests

# As other processors and C libraries would compute, and with other random numbers: nothing may hang on the last bit.
NUMERIC := $(BIN)/pytest -n 2 -q tests/laws tests/numeric
OLDER := GLIBC_TUNABLES=glibc.cpu.hwcaps=-AVX512F,-AVX2,-FMA,-FMA4 OPENBLAS_CORETYPE=Prescott
FEATURES = $(shell $(BIN)/python -c "from numpy._core._multiarray_umath import __cpu_dispatch__ as all, \
	__cpu_features__ as has; print(*(x for x in all if has[x]))")

test-kernels: $(INSTALLED)
	$(OLDER) NPY_DISABLE_CPU_FEATURES="$(FEATURES)" $(NUMERIC)
	OPENBLAS_CORETYPE=Haswell NPY_DISABLE_CPU_FEATURES="$(filter-out X86_V3 AVX2 FMA3,$(FEATURES))" $(NUMERIC)
	$(NUMERIC) --seed 1 --hypothesis-seed 1
	$(OLDER) NPY_DISABLE_CPU_FEATURES="$(FEATURES)" $(NUMERIC) --seed 2 --hypothesis-seed 2

# How fast it is, against its goals: a table, and with its record and figure in build/speed.
# `make bench SPEED="--output docs/speed"` makes what the documentation shows, `SPEED="radau help"` prints some of it.
bench: $(INSTALLED)
	OPENBLAS_NUM_THREADS=1 PYTHONPATH=tests:$$PYTHONPATH $(BIN)/python -m benchmarks $(SPEED)

coverage: $(INSTALLED)
	$(BIN)/pytest -n 2 --cov --cov-report=term --cov-report=html:build/coverage \
		tests --pyargs repdyn.symbolic repdyn.numeric repdyn.experiments

# The site, in build/docs: open build/docs/index.html. A warning is an error, a link that leads nowhere too.
docs: $(INSTALLED)
	$(BIN)/sphinx-build --fail-on-warning --keep-going --nitpicky --fresh-env --quiet --builder html docs build/docs

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
	rm -rf $(VENV) build results docs/gallery docs/reference/names *.egg-info
