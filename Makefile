# `make` alone lists the commands. Everything runs in .venv, from locked, hash-checked packages.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export PIP_DISABLE_PIP_VERSION_CHECK = 1

.DEFAULT_GOAL := help
.PHONY: help setup models demo test lint fmt check bench bench-setup soak lock clean

help:  ## list the commands
	@grep -E '^[a-z-]+:.*## ' Makefile | sed -E 's/:.*## /\t/' | expand -t 14

# A stamp a lock: the environment is made once, and again when a lock changes.
$(VENV)/base.stamp: requirements/base.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit("Overt needs Python 3.11 or newer; try: make PYTHON=python3.12" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements/base.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/dev.stamp: $(VENV)/base.stamp requirements/dev.lock
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements/dev.lock
	@touch $@

setup: $(VENV)/dev.stamp models  ## make the environment and pull the standard models

models: $(VENV)/base.stamp
	@$(BIN)/overt models pull standard

demo: models  ## play every part in a deployment on a drawn street, in a browser
	$(BIN)/overt demo

# On every core; `make test ARGS=-n0` in one process, to follow one test.
test: setup  ## run the tests
	$(BIN)/python -m pytest -n auto --dist worksteal $(ARGS)

lint: $(VENV)/dev.stamp  ## ruff, mypy and the import contract
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

fmt: $(VENV)/dev.stamp  ## format the code
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

check: lint test  ## what CI runs

bench: setup  ## measure speed and accuracy, as a table and JSON (needs OVERT_DATA)
	$(BIN)/python -m bench $(ARGS)

soak: setup  ## watch two cameras for half an hour: fails if memory or descriptors grow
	$(BIN)/python -m bench soak --minutes 30 --strict

# In an environment of its own: the peer needs an old setuptools, and nothing of ours.
bench-setup: setup  ## get the peer that `make bench` compares with (compiles dlib: minutes)
	$(PYTHON) -m venv $(VENV)/peer
	$(VENV)/peer/bin/python -m pip install --quiet --require-hashes -r requirements/bench.lock

lock: $(VENV)/dev.stamp  ## renew the lock files (needs uv)
	for group in base dev bench; do sh requirements/lock.sh $$group; done

clean:  ## remove the environment and caches
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis build
