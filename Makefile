# Everything runs in a virtual environment of its own (.venv), made on first use; no root, no Node.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
ARGS ?=

# What is compiled is kept, whatever the shell says: hundreds of processes start in the tests.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: test-long help setup demo test check bench format lock image-check clean

help:  ## Show what there is
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/'

$(BIN)/python:
	$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Carrel needs Python 3.11 or newer; this is " + sys.version.split()[0] + ". Try: make PYTHON=python3.12 …")'
	$(PYTHON) -m venv $(VENV)

# What the pages need from npm, by its lockfile; with Node from PyPI where the machine has none.
$(VENV)/.frontend: frontend/package-lock.json frontend/build.py requirements-frontend.lock | $(BIN)/python
	command -v npm >/dev/null || $(PIP) install --quiet --require-hashes -r requirements-frontend.lock
	$(BIN)/python frontend/build.py
	@touch $@

# What running Carrel needs, pinned by hash.
$(VENV)/.runtime: requirements.lock pyproject.toml $(VENV)/.frontend | $(BIN)/python
	$(PIP) install --quiet --require-hashes -r requirements.lock
	$(PIP) install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

# What working on Carrel needs besides.
$(VENV)/.development: requirements-dev.lock $(VENV)/.runtime
	$(PIP) install --quiet --require-hashes -r requirements-dev.lock
	@touch $@

setup: $(VENV)/.development  ## Make the environment for working on Carrel

demo: $(VENV)/.runtime  ## Add the sample papers and answer questions over them
	$(BIN)/carrel demo $(ARGS)

# One more than there are cores: many tests wait for processes.
WORKERS ?= $(shell $(PYTHON) -c 'import os; print(1 + (os.cpu_count() or 1))')

test: $(VENV)/.development  ## Run the tests
	$(BIN)/python -m pytest -n $(WORKERS) $(ARGS)

test-long: $(VENV)/.development  ## Run the tests that repeat for minutes what others prove once
	$(BIN)/python -m pytest -m long -n $(WORKERS) $(ARGS)

check: $(VENV)/.development  ## Lint, strict types, layer contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(VENV)/.development  ## Print the benchmark tables
	$(BIN)/python -m benchmarks $(ARGS)

format: $(VENV)/.development  ## Format the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# Needs uv. The locks carry hashes and no index addresses, so plain pip installs them from any mirror.
lock:  ## Renew the pinned requirements
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
	    --upgrade --group build pyproject.toml -o requirements.lock
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
	    --upgrade --group dev -c requirements.lock pyproject.toml -o requirements-dev.lock
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
	    --upgrade --extra postgres -c requirements-dev.lock pyproject.toml -o requirements-image.lock
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
	    --upgrade --group build -c requirements-dev.lock -o requirements-build.lock
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
	    --upgrade --group frontend -o requirements-frontend.lock
	$(BIN)/python -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["project"]["optional-dependencies"]["gguf"])' \
	    | uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
	    --upgrade -c requirements-dev.lock - -o requirements-gguf.lock

# A minute or two: the packages are fetched and installed anew. Needs no Docker.
image-check: $(BIN)/python  ## Replay the Dockerfile's steps in a clean folder, start Carrel from it, stop it
	$(BIN)/python deploy/replay.py

clean:  ## Remove the environment and every cache
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache dist
