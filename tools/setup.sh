#!/bin/sh
# Make the virtual environment $1 and install personald into it, for development: uv where it is there, else venv
# and pip. Needs Python 3.11 or newer; PYTHON names another interpreter.
set -eu
venv=$1

find_python() {
    for candidate in ${PYTHON:-} python3.13 python3.12 python3.11 python3; do
        if command -v "$candidate" >/dev/null 2>&1 &&
            "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            echo "$candidate"
            return
        fi
    done
    echo "personald needs Python 3.11 or newer; install it, or name one with PYTHON=/path/to/python" >&2
    exit 1
}

if command -v uv >/dev/null 2>&1; then
    [ -x "$venv/bin/python" ] || uv venv --quiet --python ">=3.11" "$venv"
    uv pip install --quiet --python "$venv/bin/python" --editable ".[dev]"
else
    python=$(find_python)
    [ -x "$venv/bin/python" ] || "$python" -m venv "$venv"
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --editable ".[dev]"
fi
