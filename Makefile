# The few daily commands. `make` alone lists them.
PYTHON ?= .venv/bin/python

.PHONY: help install test check format demo bench screenshots pin

help:            ## this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:[^#]*##/\t/'

install:         ## a virtual environment with everything to work on Reprieve
	python3 -m venv .venv
	.venv/bin/pip install --require-hashes -r requirements-test.txt
	.venv/bin/pip install --no-deps -e .

test:            ## the whole suite, on SQLite and on a real PostgreSQL
	$(PYTHON) -m pytest

check:           ## style, types and the direction of imports
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m mypy
	.venv/bin/lint-imports

format:          ## put the code in form
	$(PYTHON) -m ruff check --fix .
	$(PYTHON) -m ruff format .

demo:            ## the demo on port 8000
	$(PYTHON) -m app demo

bench:           ## every benchmark; takes minutes
	$(PYTHON) -m tests.benchmarks.trace_speed
	OPENBLAS_NUM_THREADS=1 $(PYTHON) -m tests.benchmarks.verdict
	$(PYTHON) -m tests.benchmarks.http
	$(PYTHON) -m tests.benchmarks.record
	$(PYTHON) -m tests.benchmarks.contract
	$(PYTHON) -m tests.benchmarks.pictures
	$(PYTHON) -m tests.benchmarks.pages
	$(PYTHON) -m tests.benchmarks.cohort
	$(PYTHON) -m tests.benchmarks.detection
	$(PYTHON) -m tests.benchmarks.clinic

screenshots:     ## the pictures of docs/pages, from the demo in a real browser
	$(PYTHON) -m tests.browser.screenshots

pin:             ## write the pinned requirements anew from pyproject.toml
	$(PYTHON) -m piptools compile --quiet --generate-hashes --strip-extras --no-emit-index-url --no-emit-trusted-host --no-emit-options --output-file requirements.txt pyproject.toml
	$(PYTHON) -m piptools compile --quiet --generate-hashes --strip-extras --allow-unsafe --constraint requirements.txt --no-emit-index-url --no-emit-trusted-host --no-emit-options --extra test --output-file requirements-test.txt pyproject.toml
