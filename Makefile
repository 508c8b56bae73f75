# Two commands matter: `make demo` shows the whole story, `make test` proves it. Both set up what they need.

VENV := .venv
PYTHON := $(VENV)/bin/python
STAMP := $(VENV)/.installed
NICE := nice -n 5

.PHONY: demo test lint setup wheel clean

demo: setup
	$(PYTHON) -m personald.cli demo

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

wheel: setup
	$(PYTHON) -m pip --version >/dev/null 2>&1 && $(PYTHON) -m build --wheel || uv build --wheel

clean:
	rm -rf build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache
