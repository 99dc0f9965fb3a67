# The few daily commands. `make` alone lists them.
PYTHON ?= .venv/bin/python

.PHONY: help install test check format demo bench pages screenshots parts pin clients measured coverage mutants

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

measured:        ## the tests that are worth measuring, and how much of each wing they reach; `make coverage` says it again
	$(PYTHON) -m pytest -m "not unmeasured" --cov --cov-report= --cov-fail-under=0
	$(MAKE) --no-print-directory coverage

coverage:        ## how much of each wing the last `make measured` reached, and whether it is enough
	$(PYTHON) -m coverage report --skip-covered --skip-empty
	failed=; for wing in relief rules access record; do \
		percent=$$($(PYTHON) -m coverage report --format=total --precision=1 --fail-under=95 --include="app/$$wing/*") || failed=yes; \
		echo "$$wing: $$percent %, at least 95"; \
	done; test -z "$$failed"

mutants:         ## 300 small faults in each of three wings, and how many the tests notice; takes hours
	for wing in relief rules access; do $(PYTHON) -m tests.mutants $$wing; done

clients:         ## the generators that make clients from the API's document, for their tests; needs npm
	python3 -m venv .clients/venv
	.clients/venv/bin/pip install --quiet --require-hashes -r tests/clients/requirements.txt
	cp tests/clients/package.json tests/clients/package-lock.json .clients/
	npm ci --prefix .clients --ignore-scripts --no-audit --no-fund --loglevel=error

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
	$(PYTHON) -m tests.benchmarks.red_words
	$(PYTHON) -m tests.benchmarks.worst
	$(PYTHON) -m tests.benchmarks.kills

pages:           ## every page of the clinic in a real browser: two schemes, four languages, four widths; takes ten minutes
	$(PYTHON) -m tests.browser.every_page

screenshots:     ## the pictures of docs/pages, from the demo in a real browser
	$(PYTHON) -m tests.browser.screenshots

parts:           ## the list of parts (CycloneDX) of what is installed for the service, by its pinned requirements
	$(PYTHON) -m cyclonedx_py requirements --output-reproducible --of JSON -o parts.json requirements.txt

pin:             ## write the pinned requirements anew from pyproject.toml
	$(PYTHON) -m piptools compile --quiet --generate-hashes --no-strip-extras --no-emit-index-url --no-emit-trusted-host --no-emit-options --output-file requirements.txt pyproject.toml
	$(PYTHON) -m piptools compile --quiet --generate-hashes --no-strip-extras --allow-unsafe --constraint requirements.txt --no-emit-index-url --no-emit-trusted-host --no-emit-options --extra test --output-file requirements-test.txt pyproject.toml
	cd tests/clients && ../../$(PYTHON) -m piptools compile --quiet --generate-hashes --no-strip-extras --no-emit-index-url --no-emit-trusted-host --no-emit-options --output-file requirements.txt requirements.in
	cd tests/clients && npm install --package-lock-only --omit-lockfile-registry-resolved --no-audit --no-fund
