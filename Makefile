# Two targets matter: `make demo` shows what Trueline does, `make test` runs all that CI runs.
# Both set up what they need: nothing but Python 3.11+, pip, git and make has to be there.

PYTHON ?= python3
UV_VERSION := 0.13.9
UV := .uv/bin/uv
BIN := .venv/bin
export UV_PYTHON_DOWNLOADS = never
# Bytecode is kept whatever the shell says: else each command compiles all that it imports.
export PYTHONDONTWRITEBYTECODE =

.PHONY: demo test setup system lint types imports tests bench bench-full soak clean format reference baselines

demo: .venv/.ready
	$(BIN)/trueline demo --home demo-home --open

test: system lint imports
	@$(MAKE) --no-print-directory --jobs=2 types tests  # types are looked at by one core alone

setup: .venv/.ready

system:
	@tools/system-packages chromium postgresql

$(UV):
	@$(PYTHON) -m pip --version > /dev/null 2>&1 || { echo "$(PYTHON) has no pip. Install it \
	(Debian: apt-get install python3-pip), or leave the virtual environment that is active, or \
	name another Python: make PYTHON=/usr/bin/python3" >&2; exit 1; }
	$(PYTHON) -m pip install --quiet --disable-pip-version-check --target .uv uv==$(UV_VERSION)

.venv/.ready: $(UV) pyproject.toml uv.lock
	$(UV) sync --frozen --quiet --all-extras --python $(PYTHON)
	@$(BIN)/python -c "import trueline.web.app, trueline.cli, rich.table, ibis"  # compiled once, here
	@touch $@

lint: .venv/.ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: .venv/.ready
	$(BIN)/mypy

imports: .venv/.ready
	$(BIN)/lint-imports

tests: .venv/.ready
	$(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder

reference: .venv/.ready
	$(BIN)/python -m trueline.catalog.reference docs/reference/kpis.md
	$(BIN)/python -m trueline.facts.reference docs/reference/tables.md

baselines: .venv/.ready
	TRUELINE_BASELINES=1 $(BIN)/pytest -n 0 -q tests/browser/test_style_guide.py

format: .venv/.ready
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench bench-full: .venv/.ready
	@tools/system-packages chromium postgresql
	$(UV) sync --frozen --quiet --all-extras --group bench --python $(PYTHON)
	$(BIN)/python -m benchmarks $(if $(filter bench-full,$@),--full)

soak: .venv/.ready
	TRUELINE_SOAK=1 $(BIN)/pytest -n 2 tests/faults tests/properties tests/engines \
		tests/web/test_openapi.py

clean:
	rm -rf .venv .uv .peers bench-results demo-home .mypy_cache .ruff_cache .pytest_cache .hypothesis
