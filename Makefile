# Everything works on a machine with Python 3.11+ and the package registries; the first target that
# runs sets the rest up, and a second run fetches nothing. What could not be had is a named failure.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= python3
BIN := .venv/bin
# The pin of the installer itself, for a machine that has none.
UV_PIN := 0.9.10
# The examples with their generated code are held to the same types.
TYPED := grammar dsl compiler runtime cli $(wildcard examples/*/src)

.PHONY: help setup tools test lint types units pythons demo bench soak clean

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## /make \1\t/p' $(MAKEFILE_LIST) | expand -t 14

setup: .venv/.made ## the environment of the lock file, into .venv
	@:

.venv/.made: uv.lock pyproject.toml
	@PYTHON='$(PYTHON)' UV_PIN='$(UV_PIN)' bash tooling/setup.sh
	@touch $@

tools: setup ## the pinned servers and a browser, into .tools
	@$(BIN)/python -m gantral.cli.tools

test: setup tools lint types units pythons ## every check and every test

lint: setup
	@$(BIN)/ruff check -q .
	@$(BIN)/ruff format -q --check .

types: setup
	@$(BIN)/mypy --no-error-summary $(TYPED)
	@MYPYPATH=bench:tests/stores $(BIN)/mypy --no-error-summary bench

# Three at once on two cores: tests of servers wait for most of their time.
units: setup
	@$(BIN)/pytest -q -n 3 --dist loadscope

pythons: setup
	@bash tooling/pythons.sh

demo: setup ## the refund example from spec to verified evidence
	@$(BIN)/gantral demo

bench: setup ## speed, as ratios in one run
	@$(BIN)/python bench

soak: setup tools ## every fault at every step, the randomised tests for long, all scenarios on a server
	@$(BIN)/python tests/faults
	@$(BIN)/pytest -q -m hypothesis --hypothesis-profile=soak --timeout=3600
	@$(BIN)/pytest -q tests/scenarios --hypothesis-profile=soak --timeout=3600

clean: ## all that was made here, the fetched tools too
	rm -rf .venv .tools build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
