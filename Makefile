SHELL := /bin/bash
UV_VERSION := 0.13.9
UV := .tools/bin/uv
BIN := .venv/bin
PY := $(BIN)/python
INSTALLED := .venv/.installed

.DEFAULT_GOAL := help
.PHONY: help check test run bench catalog release fmt clean

help:  ## print these targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' Makefile

$(UV):
	@echo "installing uv $(UV_VERSION) into .tools"
	@python3 -m venv .tools
	@.tools/bin/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)

$(INSTALLED): $(UV) uv.lock pyproject.toml $(wildcard shared/*/pyproject.toml services/*/pyproject.toml deploy/*/pyproject.toml)
	@echo "installing what uv.lock names into .venv"
	@$(UV) sync --frozen --quiet --compile-bytecode
	@touch $(INSTALLED)

check: $(INSTALLED)  ## format, lint, types, import rules and the fast tests
	@$(BIN)/ruff format --check --quiet
	@$(BIN)/ruff check --quiet
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/pytest --quiet

test: $(INSTALLED)  ## every test, on a real Kafka and a real MongoDB
	@$(BIN)/pytest -m ""

run: $(INSTALLED)  ## start servers and services, seed a demo network, walk the journey
	@exec $(BIN)/cairn up

bench: $(INSTALLED)  ## measure each path beside its floor; writes build/bench.json
	@PYTHONPATH=tests/support $(PY) tests/bench/run.py

catalog: $(INSTALLED)  ## write the table of facts and the AsyncAPI document from the contracts
	@$(PY) -m contracts facts > shared/contracts/FACTS.md.new
	@mv shared/contracts/FACTS.md.new shared/contracts/FACTS.md
	@$(PY) -m contracts asyncapi > shared/contracts/asyncapi.json.new
	@mv shared/contracts/asyncapi.json.new shared/contracts/asyncapi.json

release: $(INSTALLED)  ## write the schemas of messages that changed; refuses what readers cannot follow
	@$(PY) -m contracts release shared/contracts/schemas

fmt: $(INSTALLED)  ## format, and mend what can be mended by itself
	@$(BIN)/ruff format
	@$(BIN)/ruff check --fix

clean:  ## remove what was installed and built; data of `make run` stays in .cairn
	@rm -rf .venv .tools build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
