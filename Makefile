# Everything a user or a developer does here: make run, make test, make check, make bench.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
HOST ?= 127.0.0.1
PORT ?= 8000

WEB := service/sundgraf/http/static/vendor/editor.js

.PHONY: run test check bench lock clean

run: $(VENV)/.installed $(WEB)
	@$(BIN)/sundgraf serve --host $(HOST) --port $(PORT)

test: $(VENV)/.installed-dev $(WEB)
	@sh tests/install-browser.sh
	@sh tests/virtuoso.sh install
	@sh tests/jena.sh install
	@$(BIN)/python -m pytest -n auto --maxprocesses 4 --dist loadfile -m "not alone"
	@$(BIN)/python -m pytest -m alone

check: $(VENV)/.installed-dev
	@$(BIN)/ruff check service tests
	@$(BIN)/ruff format --check service tests
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/sundgraf check
	@$(BIN)/python -m tests.audit

bench: $(VENV)/.installed-dev
	@$(BIN)/python -m tests.bench.run

$(VENV)/bin/python:
	@command -v $(PYTHON) >/dev/null || { echo "There is no $(PYTHON); install Python 3.11 or later."; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or later is needed; name one with make PYTHON=python3.12 ..."; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo "Python has no venv module; on Debian and Ubuntu: apt install python3-venv"; exit 1; }

$(VENV)/.installed: requirements.lock pyproject.toml | $(VENV)/bin/python
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear $(VENV)  # it was cut off while it was made
	@echo "Installing what sundgraf needs into $(VENV) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.installed-dev: requirements-dev.lock $(VENV)/.installed
	@echo "Installing what the tests need ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

# The SPARQL editor, from npm, where node is; without node the page has its plain form.
$(WEB): service/web/package.json service/web/package-lock.json service/web/build.mjs $(wildcard service/web/editor/*)
	@sh service/web/build.sh

# Pins with hashes; no address of a registry gets into the files.
lock: $(VENV)/bin/python
	@$(BIN)/python -m pip install --quiet pip-tools
	@$(BIN)/pip-compile --quiet --generate-hashes --allow-unsafe --strip-extras --no-emit-index-url --no-emit-trusted-host --no-emit-find-links --no-header --extra build --output-file requirements.lock pyproject.toml
	@$(BIN)/pip-compile --quiet --generate-hashes --allow-unsafe --strip-extras --no-emit-index-url --no-emit-trusted-host --no-emit-find-links --no-header --extra build --extra test --extra lint --extra bench --constraint requirements.lock --output-file requirements-dev.lock pyproject.toml

clean:
	@rm -rf $(VENV) dist build
