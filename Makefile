# Two commands matter: `make demo` shows the whole story, `make test` proves it. Both set up what they need.

VENV := .venv
PYTHON := $(VENV)/bin/python
STAMP := $(VENV)/.installed

.PHONY: demo test lint setup clean

demo: setup
	$(PYTHON) -m personald demo

test: setup lint
	$(PYTHON) -m pytest -n 2 --dist loadfile -q

lint: setup
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/ruff check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports

setup: $(STAMP)

$(STAMP): pyproject.toml tools/setup.sh
	sh tools/setup.sh $(VENV)
	touch $(STAMP)

clean:
	rm -rf build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache
