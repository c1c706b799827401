# The two commands of the project, and the smaller ones behind them. `make` alone lists them.
.DEFAULT_GOAL := help
.PHONY: help environment decision test test-slow lint format lab pictures constraints clean

BIN := .venv/bin
NOTEBOOKS := 01-look-at-the-trial 02-fit-trial 03-decide-dose

# Compiled programs are kept beside the environment and go with it. They belong to this machine's
# processor and must not be shared with another.
export JAX_COMPILATION_CACHE_DIR := $(CURDIR)/.venv/jax-cache
export JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS := 0.2

# Show what a tool says only if it finds something.
quiet = said=$$($(1) 2>&1) || { printf '%s\n' "$$said"; exit 1; }

help: ## list the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 22

environment: ## make or re-use the environment in .venv
	@sh .ci/environment

decision: environment ## from the published trial to the next dose: runs the notebooks, prints the decision
	@for name in $(NOTEBOOKS); do $(BIN)/myelodose run notebooks/$$name.ipynb || exit 1; done

test: environment lint ## lint, types, rooms, and the default tests
	@echo "tests: about fourteen minutes in two processes; the slow ones are in make test-slow"
	@$(BIN)/python -m pytest -q -n 2 --dist loadfile

test-slow: environment ## calibration and full fits
	@$(BIN)/python -m pytest -q -m slow

lint: environment ## style, types (notebooks too), rooms, stripped notebooks
	@$(BIN)/ruff check --quiet . && $(BIN)/ruff format --quiet --check .
	@$(call quiet,$(BIN)/pyrefly check)
	@$(call quiet,$(BIN)/lint-imports)
	@$(BIN)/nbstripout --verify notebooks/*.ipynb
	@echo "lint: style, types, rooms and notebooks are in order"

format: environment ## put code and notebooks in order
	@$(BIN)/ruff check --fix --quiet . ; $(BIN)/ruff format --quiet . && $(BIN)/nbstripout notebooks/*.ipynb

lab: environment ## open JupyterLab on the notebooks
	@$(BIN)/jupyter lab notebooks

pictures: environment ## draw the pictures of the README and the docs again
	@$(BIN)/python docs/draw_pictures.py
	@$(BIN)/python docs/calibrations.py friberg joint --draw

constraints: ## choose and pin the newest versions that pyproject.toml allows (needs uv)
	uv pip compile pyproject.toml --extra dev --universal --python-version 3.12 \
	  --no-annotate --no-header --upgrade --output-file constraints.txt

clean: ## remove the environment, stored posteriors and reports
	rm -rf .venv data/posteriors reports dist
