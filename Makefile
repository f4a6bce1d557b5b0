# make run: set up and open the app on the demo library.   make test: set up and run the tests.
# Any Python from 3.11 on; uv makes the environment where it is installed, else venv and pip.
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)
VENV ?= .venv
BIN := $(VENV)/bin
# Exactly one FAISS, and torch of the same CUDA, only where a GPU answers.
EXTRA := $(shell nvidia-smi >/dev/null 2>&1 && echo gpu || echo cpu)
UV := $(shell command -v uv 2>/dev/null)
# More for the installer, such as the index of torch's small CPU builds (README).
INSTALL_OPTIONS ?=
INSTALL := $(if $(UV),uv pip install --python $(BIN)/python,$(BIN)/pip install) $(INSTALL_OPTIONS) \
	-c constraints.txt -c constraints-$(EXTRA).txt
CONSTRAINTS := constraints.txt constraints-$(EXTRA).txt

# Some of the tests, or more for pytest: make test TESTS="tests/store -x".
TESTS ?=
# What is compiled once is kept, for the tests start some two hundred Pythons.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: run test test-cluster lint bench torture graphs sleeves clean

run: $(VENV)/.app
	$(BIN)/sleevewalk demo

test: $(VENV)/.dev
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder $(TESTS)

# Two Ray nodes on this machine, one killed. Ray is 360 MB and no part of the other tests.
test-cluster: $(VENV)/.dev
	$(INSTALL) -e '.[$(EXTRA),map,train,evidence,dev,cluster]'
	$(BIN)/python -m pytest -m cluster tests/pipelines/shards/test_cluster.py

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python tools/check_house.py

bench: $(VENV)/.dev
	$(BIN)/python -m tests.bench
	$(BIN)/python -m tests.bench.model

$(VENV)/bin/python:
	@test -n "$(PYTHON)$(UV)" || { echo "sleevewalk needs Python 3.11 or newer: install it, or say where: make PYTHON=…"; exit 1; }
	$(if $(UV),uv venv -q $(VENV),$(PYTHON) -m venv $(VENV))

$(VENV)/.app: pyproject.toml $(CONSTRAINTS) | $(VENV)/bin/python
	$(INSTALL) -e '.[$(EXTRA),map]'
	touch $@

$(VENV)/.dev: pyproject.toml $(CONSTRAINTS) | $(VENV)/bin/python
	$(INSTALL) -e '.[$(EXTRA),map,train,evidence,dev]'
	touch $@ $(VENV)/.app

# Three minutes of killing at random, and three on a disk that fills.
torture: $(VENV)/.dev
	SLEEVEWALK_TORTURE=180 $(BIN)/python -m pytest -s tests/torture

# The graphs that ONNX Runtime runs: after a change of the model's code or shape, not of its weights.
graphs: $(VENV)/.dev
	$(BIN)/python -m tools.graphs

# The demo's covers, drawn and embedded anew: after a change in tools/sleeves or of the shipped weights.
sleeves: $(VENV)/.dev
	$(BIN)/python -m tools.sleeves -o pipelines/demo/sleeves

clean:
	rm -rf $(VENV) build *.egg-info
