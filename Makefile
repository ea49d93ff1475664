# `make` or `make help` lists what there is. PRELABEL_LABEL_STUDIO_VENV may name a Label Studio environment elsewhere.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
PYTHON_SOURCES := models connectors serving scripts tests
BIN := .venv/bin
export PYTHONUNBUFFERED := 1
# Some images set it for all: each of Ray's processes then compiles again what it imports, and starts take twice as long.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help setup setup-project check lint format types imports house fix test e2e bench bench-gate bench-models bench-console docs pictures demo stop messages pin image clean

help: ## List the targets
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z0-9-]+):.*## /\1\t/' | expand -t 16

setup: ## Make both virtual environments (ours, and Label Studio's)
	@scripts/setup.sh all

setup-project:
	@scripts/setup.sh project

check: lint format types imports house ## All that can be checked without running anything

lint: setup-project
	$(BIN)/ruff check $(PYTHON_SOURCES)
	$(BIN)/shellcheck scripts/*.sh .ci/run
	$(BIN)/hadolint Dockerfile

format: setup-project
	$(BIN)/ruff format --check $(PYTHON_SOURCES)

types: setup-project
	$(BIN)/mypy

imports: setup-project
	$(BIN)/lint-imports

house: setup-project
	$(BIN)/python -m scripts.check_house

fix: setup-project ## Let ruff mend and format what it can
	$(BIN)/ruff check --fix $(PYTHON_SOURCES)
	$(BIN)/ruff format $(PYTHON_SOURCES)

test: setup ## All tests but the benchmarks; ARGS go to pytest
	$(BIN)/python -m pytest -m "not bench" -n 3 --no-loadscope-reorder --durations 25 $(ARGS)

e2e: setup ## Only the tests against a real Label Studio; ARGS go to pytest
	$(BIN)/python -m pytest -m "not bench" tests/e2e $(ARGS)

bench: setup ## Measure speed against raw parts; ARGS go to scripts.bench
	$(BIN)/python -m scripts.bench $(ARGS)

bench-gate: setup-project ## Measure what the gate automates, beside its rivals; ARGS go to scripts.bench_gate
	$(BIN)/python -m scripts.bench_gate $(ARGS)

bench-console: setup-project ## Measure every page of the console at a million items; ARGS="--items N --database sqlite --json FILE"
	$(BIN)/python -m scripts.bench_console $(ARGS)

bench-models: setup-project ## Measure each kind of model against the bare library; ARGS go to scripts.bench_models
	$(BIN)/python -m scripts.bench_models $(ARGS)

messages: setup-project ## Bring the catalogues of texts up to date; what is new is to be translated
	$(BIN)/python -m scripts.messages

docs: setup-project ## Build the documentation as a site into build/site; a dead link ends it
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict -f configs/mkdocs.yml
	@echo "build/site/index.html; to read it: $(BIN)/python -m http.server --directory build/site --bind 127.0.0.1 8901"

pictures: setup ## Pictures of what annotators see with each tag, for the documentation
	$(BIN)/python -m scripts.pictures

demo: setup ## The main job on real input; ARGS="--project reviews --exit --json FILE"
	$(BIN)/python -m scripts.demo $(ARGS)

stop: ## Stop what the demo left running
	@if [ -x $(BIN)/python ]; then $(BIN)/python -m scripts.demo --stop; else echo "nothing runs: there is no .venv"; fi

pin: setup ## Write what both environments hold into the constraints files
	scripts/pin.sh

image: ## Build the container image; ARGS go to docker build
	docker build -t prelabel $(ARGS) .

clean: ## Remove caches and what was built; keeps environments and data
	rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build dist *.egg-info
	find $(PYTHON_SOURCES) -name __pycache__ -type d -prune -exec rm -rf {} +
