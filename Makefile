# Everything runs inside .venv; Debian packages are only added when a step needs them (see scripts/debian).
PYTHON ?= python3
BIN := .venv/bin
# Two at a time: more would make browsers and servers wait for each other on two cores.
JOBS ?= 2
# No part of the pinned requirements: torch alone is larger than all of them, and which build is right depends on the machine.
TORCH_PACKAGES := torch==2.13.0 "transformers>=4.57,<6" "sentencepiece>=0.2" "sacremoses>=0.1"

# Where nothing may be kept that was compiled, each of the suite's processes would compile all of it: half a second each.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help demo test check format chaos bench eval heads docs requirements clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: .venv/runtime ## Set everything up and serve the demo shop on http://127.0.0.1:8000/
	@scripts/debian demo
	@$(BIN)/parley models fetch --optional
	@$(BIN)/parley demo

test: .venv/dev ## Set everything up and run all tests; with TORCH=1 those of transformers as well
	@scripts/debian test
	@$(BIN)/parley models fetch --optional --folder .venv/share/parley/models
	@$(BIN)/python -m tests.support.rasa
ifdef TORCH
	@echo "Installing torch and transformers for their tests ..."
	@$(BIN)/pip install -q --disable-pip-version-check $(TORCH_PACKAGES)
endif
	@$(BIN)/pytest -n $(JOBS) --dist worksteal $(ARGS)

check: .venv/dev ## Formatter, linter, types and import contracts
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: .venv/dev ## Format and mend what the linter can
	$(BIN)/ruff check --fix-only -q .
	$(BIN)/ruff format -q .

chaos: .venv/dev ## Kill, pause and restart a cluster, then prove nothing was lost; CONVERSATIONS=1000 ARGS="--seed N --minutes M"
	@scripts/debian test
	@$(BIN)/python -m tests.chaos $(if $(CONVERSATIONS),--conversations $(CONVERSATIONS)) $(ARGS)

bench: .venv/dev ## Measure speed, as ratios in one run (see docs/performance.md)
	@scripts/debian demo
	@$(BIN)/python -m benchmarks $(ARGS)

eval: .venv/runtime ## Measure understanding on PARLEY_EVAL_DATA, next to the goals (see docs/evaluate.md)
	@$(BIN)/parley models fetch --optional
	@$(BIN)/parley nlp eval --data "$${PARLEY_EVAL_DATA:-../shared/nlp/data}"

heads: .venv/dev ## Train the heads for sentiment and wishes again, on the sentences beside them
	@$(BIN)/parley models fetch
	@$(BIN)/python -m nlp.heads_training

docs: .venv/runtime ## Write docs/configuration.md and docs/channels.md from the code
	@$(BIN)/python -c 'from orchestrator import reference; reference.write()'

requirements: .venv/dev ## Pin the requirements again, with hashes
	@scripts/pin $(BIN)

clean: ## Remove what was set up here (the demo's data in var/ stays)
	rm -rf .venv build *.egg-info

.venv/bin/pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "Parley needs Python 3.11 or newer; '$(PYTHON)' is $$($(PYTHON) -V). Try: make PYTHON=python3.11 ..."; exit 1; }
	@echo "Setting up .venv (once) ..."
	@$(PYTHON) -m venv .venv || { echo "Could not make .venv. On Debian: apt-get install python3-venv"; exit 1; }

.venv/runtime: requirements/build.txt requirements/runtime.txt pyproject.toml | .venv/bin/pip
	@echo "Installing what Parley runs on, pinned and checked by hash (a minute or two, once) ..."
	@$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements/build.txt -r requirements/runtime.txt
	@$(BIN)/pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

.venv/dev: requirements/dev.txt .venv/runtime
	@echo "Installing what the tests and checks need ..."
	@$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@touch $@
