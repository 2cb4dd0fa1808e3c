# What other programs rely on: run, test, journeys, prove, check, bench (see README.md).
# Needs only make and Python >= 3.11; everything else goes into .venv with its hashes checked.

.PHONY: run test journeys prove check bench fmt lock outside clean
.DEFAULT_GOAL := run

VENV := .venv
PY := $(VENV)/bin/python
YBJ := $(VENV)/bin/ybj
PIP := $(PY) -m pip --disable-pip-version-check --no-input install -qq --progress-bar off
# The first that is new enough; `make PYTHON=/path/to/python3.12` chooses another.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	"$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo "$$p"; break; }; done)
PYTEST_ARGS ?=
RUN_STAMP := $(VENV)/.run
DEV_STAMP := $(VENV)/.dev

run: $(RUN_STAMP)
	@exec env YBJ_SANDBOX=$${YBJ_SANDBOX-1} $(YBJ) up

test: $(DEV_STAMP)
	$(PY) -m pytest -m "not journey and not proof" --ignore=tests/journeys -n 2 $(PYTEST_ARGS)

journeys: $(DEV_STAMP)
	$(PY) -m pytest -m journey tests/journeys $(PYTEST_ARGS)

# Goes on where it was stopped, as long as no file has changed.
prove: $(DEV_STAMP)
	$(PY) -m pytest -p tests.resuming -m proof $(PYTEST_ARGS)

check: $(DEV_STAMP)
	$(PY) -m ruff format --check .
	$(PY) -m ruff check .
	$(PY) -m mypy
	$(VENV)/bin/lint-imports
	DJANGO_SETTINGS_MODULE=yangbanjian.config.settings $(PY) -m django makemigrations --check --dry-run
	$(PY) -m pytest tests/house
	$(YBJ) check-translations

bench: $(DEV_STAMP)
	$(YBJ) bench

fmt: $(DEV_STAMP)
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .

# For developers: choose versions anew. The files name no index.
lock:
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--no-header requirements/run.in -o requirements/run.txt
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--no-header requirements/dev.in -c requirements/run.txt -o requirements/dev.txt
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--no-header requirements/outside.in -o requirements/outside.txt

# Judges that are not ours, in an environment of their own: without them some proofs are skipped.
outside: .venv-outside/.ready

.venv-outside/.ready: requirements/outside.txt $(PY)
	@rm -rf .venv-outside
	@$(PY) -m venv --without-pip .venv-outside
	@$(PY) -m pip --python .venv-outside/bin/python --disable-pip-version-check --no-input \
		install -qq --progress-bar off --require-hashes -r $<
	@touch $@

clean:
	rm -rf $(VENV) .venv-outside

$(RUN_STAMP): requirements/run.txt $(YBJ)
	@echo "正在安装依赖（第一次约需一分钟）…"
	@$(PIP) --require-hashes -r requirements/run.txt
	@touch $@

# dev.txt contains all of run.txt.
$(DEV_STAMP): requirements/dev.txt $(YBJ)
	@echo "正在安装开发依赖…"
	@$(PIP) --require-hashes -r requirements/dev.txt
	@touch $@

# The product runs from this folder: a .pth file names it, a small script starts it. No build, so
# no build tool is needed. -P: the folder one happens to stand in is never searched for modules.
$(YBJ): $(PY) Makefile
	@$(PY) -c 'import pathlib, sysconfig; \
		pathlib.Path(sysconfig.get_path("purelib"), "yangbanjian.pth").write_text("../../../..\n")'
	@printf '%s\n' '#!/bin/sh' \
		'exec "$$(dirname "$$(readlink -f "$$0")")/python" -P -m yangbanjian.faces.cli "$$@"' > $@.new
	@chmod 755 $@.new
	@mv $@.new $@

$(PY):
	@test -n "$(PYTHON)" || { echo "没有找到 Python 3.11 或更新的版本，请先安装。" >&2; exit 1; }
	@rm -rf $(VENV)
	@$(PYTHON) -m venv $(VENV) >/dev/null 2>&1 || { rm -rf $(VENV); \
		$(PYTHON) -m venv --without-pip $(VENV) \
		&& $(PYTHON) -m pip --python $(VENV)/bin/python install --quiet pip >/dev/null 2>&1; } \
	|| { rm -rf $(VENV); echo "$(PYTHON) 缺少 venv/ensurepip 模块，无法建立 .venv。" \
		"Debian 与 Ubuntu 请先运行 apt-get install python3-venv，或用 make PYTHON=… 指定另一个 Python。" >&2; exit 1; }
