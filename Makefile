# make demo and make test need python3 (3.11 or newer, with venv) and make, and nothing else.
PYTHON ?= python3
VENV := .venv
READY := $(VENV)/ready

.PHONY: setup demo test lint lock clean

setup: $(READY)

$(READY): requirements.lock pyproject.toml
	@echo "正在准备环境（首次约一到两分钟）……"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "需要 Python 3.11 或更新的版本（PYTHON=… make 可以指定）"; exit 1; }
	@$(PYTHON) -m venv $(VENV)
	@$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements.lock
	@$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --config-settings editable_mode=compat -e .
	@touch $(READY)

demo: setup
	@TARGETS="$(TARGETS)" KEEP="$(KEEP)" $(VENV)/bin/choucha demo

test: setup
	@$(VENV)/bin/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder $(ARGS)

lint: setup
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/lint-imports

# needs uv; writes no index address into the lock
lock:
	uv pip compile --quiet --generate-hashes --no-emit-index-url --universal --python-version 3.11 --extra test --extra bench --custom-compile-command 'make lock' pyproject.toml -o requirements.lock

clean:
	rm -rf $(VENV)
