PYTHON ?= python3
BIN = .venv/bin

help:           ## show this list
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' Makefile | expand -t 20

demo: .venv/ready     ## read the shipped furnace trial, calibrate on it and print the verdict
	$(BIN)/foretrial run furnace_section

test: .venv/ready     ## run the tests that take seconds
	$(BIN)/python -m pytest -q -m "not slow"

test-all: .venv/ready ## run every test
	$(BIN)/python -m pytest -q

check: .venv/ready    ## lint, formatting and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: .venv/ready    ## time the kernels, and the peers that are installed
	$(BIN)/python -m benches

numbers: .venv/ready  ## write docs/numbers.md: every published problem, every bench
	-$(BIN)/foretrial qualify --all --json out/qualify.json
	-$(BIN)/python -m benches
	$(BIN)/python -m benches.pages

trials: .venv/ready   ## write docs/trials.md: real trials of others, where ../shared or FORETRIAL_SHARED holds their logs
	$(BIN)/python -m benches.trials

.venv/ready: pyproject.toml setup.py constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[dev]"
	@touch $@

.PHONY: help demo test test-all check bench numbers trials
