# `make demo` and `make test` need python3 >= 3.11 and nothing else: the first of them sets up .venv, the next costs nothing.
RUN = .venv/bin/python -m
# Neighbours stay together, so that what a file's tests share is made once; who is done takes from who is not.
WIDE = -n auto --dist worksteal

# Many containers forbid Python to keep what it compiled. uv compiles nothing, so each of hundreds of processes would compile
# all libraries anew: four seconds of a demo, and a third of the tests' time.
export PYTHONDONTWRITEBYTECODE =

.PHONY: demo test lint format night-tests bench lock clean
.DEFAULT_GOAL := demo

demo: .venv/ready ## a made-up company's day and night, and the digest of the morning
	@$(RUN) bot demo $(ARGS)

test: .venv/ready ## everything that every change must pass
	@$(RUN) pytest $(WIDE) $(ARGS)

lint: .venv/ready
	@$(RUN) ruff check bot graphs tests infra
	@$(RUN) ruff format --check bot graphs tests infra
	@$(RUN) mypy
	@.venv/bin/python -c 'from importlinter.cli import lint_imports_command as run; run()'

format: .venv/ready
	@$(RUN) ruff check --fix --quiet bot graphs tests infra; $(RUN) ruff format bot graphs tests infra

night-tests: .venv/ready ## faults and floods that take minutes
	@$(RUN) pytest $(WIDE) -m night --timeout 1800 $(ARGS) || [ $$? = 5 ] # 5: none is marked

bench: .venv/ready ## measures, and asserts nothing about time
	@$(RUN) tests.bench $(ARGS)

lock: .venv/ready ## after a change of the dependencies in pyproject.toml
	@$(RUN) uv pip compile --quiet --generate-hashes --universal --python-version 3.11 --no-emit-index-url --no-header \
	  pyproject.toml -o infra/requirements.txt
	@$(RUN) uv pip compile --quiet --generate-hashes --universal --python-version 3.11 --no-emit-index-url --no-header \
	  pyproject.toml --extra dev -c infra/requirements.txt -o infra/requirements-dev.txt

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build dist
	find bot graphs tests -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/ready: pyproject.toml infra/requirements-dev.txt infra/requirements-uv.txt infra/setup.sh
	@sh infra/setup.sh
