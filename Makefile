# The two commands: `make dev` runs everything, `make test` proves it. Both need only Python >= 3.11, make, git.
.DEFAULT_GOAL := help
.PHONY: help setup dev test bench mutants lint clean

VENV := .venv
BIN := $(VENV)/bin
UV_VERSION := 0.13.9

help: ## this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-8s %s\n", $$1, $$2}'

setup: $(VENV)/.installed ## only .venv and the locked install

# Rebuilt when the lock changes. Made under another name's stamp last, so that an interrupted install is redone.
$(VENV)/.installed: pyproject.toml uv.lock scripts/find_python.sh
	@python=$$(sh scripts/find_python.sh) && \
	{ $(BIN)/python -c '' 2>/dev/null || { rm -rf $(VENV); "$$python" -m venv $(VENV); }; }
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(BIN)/python -m ensurepip -q
	@$(BIN)/uv --version 2>/dev/null | grep -qF ' $(UV_VERSION) ' || \
	  $(BIN)/python -m pip install -q --disable-pip-version-check uv==$(UV_VERSION)
	UV_PROJECT_ENVIRONMENT=$(VENV) $(BIN)/uv sync --locked --quiet --inexact --python $(BIN)/python
	@touch $@

dev: setup ## the whole system on this machine: PostgreSQL, Redis, sandbox upstreams, web, clock
	@exec $(BIN)/python -m launcher dev

test: setup ## the whole suite, on services of its own
	$(BIN)/python -m pytest -n 2 --dist loadgroup -q

bench: setup ## the benchmarks, side by side with the peer, as ratios
	UV_PROJECT_ENVIRONMENT=$(VENV) $(BIN)/uv sync --locked --quiet --inexact --group bench --python $(BIN)/python
	$(BIN)/python -m bench.run
	$(BIN)/python -m bench.parlays

mutants: setup ## take each promised mechanism out and see its test fail (docs/reliability; long)
	nice $(BIN)/python scripts/mutants.py

lint: setup ## ruff, mypy --strict and the linters of the deployment files
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	sh scripts/lint.sh

clean: ## remove what make made here: .venv, .local and caches
	rm -rf $(VENV) .local .pytest_cache .mypy_cache .ruff_cache .hypothesis
