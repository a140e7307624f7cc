.PHONY: help check format lint types layers docs test

help: ## this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /\1\t/' | expand -t 10

check: lint types layers docs test ## everything that must be green

format: ## put the code into shape and the generated documents up to date
	ruff format .
	ruff check --fix .
	cog -r README.md docs/*.md

lint: ## style and common mistakes
	ruff format --check .
	ruff check .

types: ## mypy, strict
	mypy

layers: ## which part may import which
	lint-imports

docs: ## generated documents are up to date
	cog --check --diff README.md docs/*.md

test: ## tests with coverage
	pytest -n auto --cov --cov-report=term-missing:skip-covered
