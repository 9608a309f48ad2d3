# Everything that people, pre-commit and CI do with the code, one command each. `make` alone lists them.
# Each target prepares what it needs: a fresh clone needs nothing else first.

SHELL := /bin/sh
BIN := .venv/bin
MANAGE := ./manage.py

# Settings of a production server, for the checks that Django makes of one; nothing is contacted.
PRODUCTION := DATABASE_URL=postgres://rollcall:unused@localhost/rollcall REDIS_URL=redis://localhost:6379/0 \
	SECRET_KEY=0123456789-not-a-secret-0123456789-abcdefghijklmnopqrstuvwxyz DEBUG=False \
	ALLOWED_HOSTS=rollcall.example HTTPS=True

.DEFAULT_GOAL := help
.PHONY: help ready start test check lint types templates imports migrations deploy rules fix \
	hooks lock migrate demo reset stop psql profile frontend

help: ## list the commands
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 12

ready: ## set up what every other command needs
	@tools/with_python only

start: ## run the whole application on this machine
	@./start

test: ## run every test, browser tests included
	@./test

check: lint types templates imports migrations deploy rules ## look for faults without changing anything

lint: ready ## Python: faults and format
	$(BIN)/ruff check
	$(BIN)/ruff format --check

types: ready ## Python: types, strict where rules are kept
	$(BIN)/mypy

# Not djLint's formatter: it moves blanks and line breaks, which letters and tables show.
templates: ready ## templates: faults
	$(BIN)/djlint templates --lint --quiet

imports: ready ## the directions of import between apps
	$(BIN)/lint-imports --no-logo

migrations: ready ## models and migrations agree
	$(MANAGE) makemigrations --check --dry-run

deploy: ready ## Django's checks of a production server
	$(PRODUCTION) $(MANAGE) check --deploy --fail-level WARNING

rules: ready ## rules of the house that no linter knows
	$(BIN)/python -m tools.house_rules

fix: ready ## repair what can be repaired by itself
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

hooks: ready ## run the checks before each commit from now on
	$(BIN)/pre-commit install

lock: ready ## write uv.lock anew after a change of dependencies
	UV_SYSTEM_CERTS=true $(BIN)/uv lock

migrate: ready ## bring the database up to date
	$(MANAGE) migrate

demo: ready ## build the demo trust
	$(MANAGE) demo

reset: ready ## throw the embedded database, its letters and its logs away
	$(BIN)/python -m attendance_site.embedded remove

stop: ready ## stop the embedded servers that commands have left running
	$(BIN)/python -m attendance_site.embedded stop
	$(BIN)/python -m attendance_site.embedded stop --tests

psql: ready ## a prompt of the embedded database
	$(MANAGE) dbshell

profile: ready ## time the tests and show the slowest
	$(BIN)/pytest --durations 25 --ignore tests/browser

frontend: ## build static/vendor/govuk-frontend anew (needs Node 20; see frontend/README.md)
	cd frontend && npm ci --no-fund --no-audit && npm run build
