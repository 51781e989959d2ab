# Two commands do all set-up: `make demo` and `make test`. `make help` lists the rest.
PYTHON ?= python3
BIN := .venv/bin
UV := $(BIN)/uv
export UV_PROJECT_ENVIRONMENT := .venv
export UV_PYTHON_DOWNLOADS := never

.PHONY: help demo test hosted check lint types bench bench-grounded train-grounded eval lock clean

help: ## List the commands.
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

$(UV):
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check "uv>=0.9,<0.14"

# uv.lock pins versions and hashes and names no index, so a mirror works (docs/adr/0003-host-free-lock.md).
.venv/.base: $(UV) pyproject.toml uv.lock
	$(UV) export --quiet --frozen --no-dev --no-emit-project --output-file .venv/base.txt
	$(UV) pip install --quiet --require-hashes -r .venv/base.txt
	$(UV) pip install --quiet --no-deps -e .
	touch $@

.venv/.dev: .venv/.base
	$(UV) export --quiet --frozen --all-extras --all-groups --no-emit-project --output-file .venv/dev.txt
	$(UV) pip install --quiet --require-hashes -r .venv/dev.txt
	touch $@

demo: .venv/.base ## Install, build the demo company, index it, answer five questions.
	$(BIN)/python demo/run.py

test: .venv/.dev check ## Lint, types, import contracts and every test.
	$(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist loadfile

hosted: .venv/.base ## Add the libraries of hosted models.
	$(UV) export --quiet --frozen --no-dev --extra hosted --no-emit-project --output-file .venv/hosted.txt
	$(UV) pip install --quiet --require-hashes -r .venv/hosted.txt

check: lint types ## Lint, types and import contracts.

lint: .venv/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

types: .venv/.dev
	$(BIN)/mypy

bench: .venv/.dev ## Every benchmark; figures go to docs/benchmarks.md.
	$(BIN)/python bench/run.py

bench-grounded: .venv/.dev ## Question sets in GNOMON_DATA; figures go to docs/grounded-figures.md.
	$(BIN)/python bench/bench_grounded.py --page docs/grounded-figures.md

train-grounded: .venv/.dev ## Learn the weights of `grounded` from the question sets in GNOMON_DATA.
	$(BIN)/python bench/train_grounded.py

eval: .venv/.base ## The demo company's questions against their gold SQL.
	$(BIN)/gnomon eval demo

lock: $(UV) ## Resolve again and write uv.lock without index addresses.
	$(PYTHON) .ci/lock.py "$(UV)"

clean: ## Remove what the commands above made.
	rm -rf .venv demo/warehouse .mypy_cache .ruff_cache .pytest_cache
