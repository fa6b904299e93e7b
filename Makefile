# Every target makes the environment that it needs and does nothing twice. `make help` lists them.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
UV := $(shell command -v uv 2>/dev/null)
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help demo test unit dev check lint types bench prove format clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(READY) ## A sandbox store with a year of history becomes marts in Dagster's UI (ARGS=--headless ends without it)
	@$(BIN)/og-assets demo $(ARGS)

# End-to-end tests wait for processes, so one worker more than cores. Workers take whole files, the longest ones first.
PYTEST := $(BIN)/python -m pytest --numprocesses $$(( $$(nproc 2>/dev/null || echo 2) + 1 )) --dist loadfile --no-loadscope-reorder

test: $(READY) ## Run all tests in parallel (ARGS="-n 0 tests/lake" runs some of them in one process)
	@$(PYTEST) $(ARGS)

unit: $(READY) ## Run the tests that need neither dbt builds nor whole installations
	@$(PYTEST) --ignore tests/dbt_project --ignore tests/e2e --ignore tests/testkit $(ARGS)

dev: $(READY) ## Dagster's UI and daemon on your own store (.env)
	@$(BIN)/og-assets dev $(ARGS)

check: lint types ## Everything that CI checks besides the tests
	@VIRTUAL_ENV=$(CURDIR)/$(VENV) $(BIN)/dg check defs

lint: $(READY) ## Lint Python, SQL and the direction of imports
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/lint-imports
	@$(BIN)/sqlfluff lint dbt_project --processes 0

types: $(READY) ## Check the types of all Python
	@$(BIN)/mypy

bench: $(READY) ## Measure, and write the results under benchmarks/
	@$(BIN)/python -m benchmarks $(ARGS)

prove: $(READY) ## Long checks: the sandbox over many seeds (ARGS="--seeds 200"), kill -9 of the receiver, deletions over years (SEEDS=20)
	@$(BIN)/python -m testkit.sandbox.prove $(ARGS)
	@PROVE_FACTOR=20 $(BIN)/python -m pytest tests/ordergroove_sandbox -k "random_actions or replay or range_filters or no_body"
	@$(BIN)/python -m simulations.receiver --kills 50
	@$(BIN)/python -m simulations --seeds $(or $(SEEDS),20)
	@EXAMPLES=2000 KILLS=20 $(BIN)/python -m pytest -q tests/events/test_parse.py tests/events/test_ingest.py
	@SEEDS=$(or $(SEEDS),5) $(PYTEST) tests/dbt_project tests/testkit

format: $(READY) ## Format Python and SQL in place
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .
	@$(BIN)/sqlfluff fix dbt_project

clean: ## Remove the environment and what tools left behind; data stays
	@rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache dbt_project/target dbt_project/logs

# uv where it is installed, pip otherwise; both from the same constraints. Compiled at once: otherwise each of Dagster's
# processes would compile thousands of modules at its first start.
$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(0 if (3, 11) <= v <= (3, 13) else f"og_assets needs Python 3.11 to 3.13, and this is {v[0]}.{v[1]}: run make PYTHON=python3.11 …")'
ifdef UV
	@test -x $(BIN)/python || uv venv --quiet --python $(PYTHON) $(VENV)
	@uv pip install --quiet --compile-bytecode --python $(BIN)/python --constraint constraints.txt --editable . --group dev
else
	@test -x $(BIN)/pip || $(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install --quiet --upgrade 'pip>=25.1'
	@$(BIN)/pip install --quiet --constraint constraints.txt --editable . --group dev
endif
	@touch $@
