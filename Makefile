# make run: set up and open the app on the demo library.   make test: set up and run the tests.
PYTHON ?= python3.11
VENV ?= .venv
BIN := $(VENV)/bin
# Exactly one faiss: the GPU one (1.2 GB of CUDA libraries) only where a GPU answers.
EXTRA := $(shell nvidia-smi >/dev/null 2>&1 && echo gpu || echo cpu)

.PHONY: run test test-cluster lint bench torture sleeves clean

run: $(VENV)/.app
	$(BIN)/sleevewalk demo

test: $(VENV)/.dev
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder

# Two Ray nodes on this machine, one killed. Ray is 360 MB and no part of the other tests.
test-cluster: $(VENV)/.dev
	$(BIN)/pip install -c constraints.txt -e '.[$(EXTRA),dev,cluster]'
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
	$(PYTHON) -m venv $(VENV)

$(VENV)/.app: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(BIN)/pip install -c constraints.txt -e '.[$(EXTRA)]'
	touch $@

$(VENV)/.dev: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(BIN)/pip install -c constraints.txt -e '.[$(EXTRA),dev]'
	touch $@ $(VENV)/.app

# Three minutes of killing at random, and three on a disk that fills.
torture: $(VENV)/.dev
	SLEEVEWALK_TORTURE=180 $(BIN)/python -m pytest -s tests/torture

# The demo's covers, drawn and embedded anew: after a change in tools/sleeves or of the shipped weights.
sleeves: $(VENV)/.dev
	$(BIN)/python -m tools.sleeves -o pipelines/demo/sleeves

clean:
	rm -rf $(VENV) build *.egg-info
