# make demo     from nothing to the viewer on a model fitted here, which opens while it is fitted
# make check    lint, types, import contracts and the quick tests, in under a minute
# make test     the same with all tests
# make lowest   the quick tests with the lowest versions that pyproject.toml allows; needs uv
# make wheel    the wheel, in dist/
# make app      the viewer for people without Python, as a folder and as one file, in dist/: three minutes
# make app-test the same, started and tried
# make page-check  types and lint of the page's JavaScript; needs npm
# make gpu      what CUDA does: one table, in 8 minutes, on a machine with an NVIDIA GPU
# make clean    removes what the others made, except the environment
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
LOWEST := .venv-lowest
# With the CPU build of ONNX Runtime, which nothing but the app needs.
APP := .venv-app
DEMO := artifacts/demo
# Not written out in the recipe, which make --dry-run would then run.
MAKE_AGAIN = $(MAKE) --no-print-directory
# Each file's tests stay on one core, because they share what they make.
PYTEST_IN = QT_QPA_PLATFORM=offscreen $(1)/bin/python -m pytest --numprocesses logical --maxprocesses 4 --dist loadfile --no-loadscope-reorder
PYTEST := $(call PYTEST_IN,$(VENV))
# The viewer's tests wait for timers and for other processes, so there is work for one more than there are cores.
ONE_MORE = --numprocesses $$($(BIN)/python -c 'import os; print(min(4, os.cpu_count() + 1))')
# Tests start some hundred processes, and each would compile the program anew.
export PYTHONDONTWRITEBYTECODE :=
SOURCES := $(wildcard training/*.py training/data/*.py training/data/mnist.xz export/*.py)

.PHONY: help demo pictures test check gpu lint style lowest wheel app app-test page-check clean
.DELETE_ON_ERROR:

help:
	@sed -n 's/^# \(make \)/\1/p' $(firstword $(MAKEFILE_LIST))

# With a display, the viewer opens as soon as there is something to see, and the fit goes on beside it.
demo: $(INSTALLED)
	@if [ -z "$$DISPLAY$$WAYLAND_DISPLAY" ] && [ "$$(uname)" != Darwin ]; then \
		$(MAKE_AGAIN) pictures && \
		echo "found no display, so the viewer was not opened; where there is one: $(BIN)/python -m desktop $(DEMO)/bundle"; \
	elif $(MAKE_AGAIN) --question $(DEMO)/finished; then \
		$(MAKE_AGAIN) pictures && $(BIN)/python -m desktop $(DEMO)/bundle; \
	else \
		rm -rf $(DEMO)/run $(DEMO)/bundle && \
		$(BIN)/python -m export.demo $(DEMO) $(MAKE_AGAIN) FITTED=yes pictures; \
	fi

pictures: $(DEMO)/plane.png $(DEMO)/samples.png $(DEMO)/walk.gif
	@echo "pictures: $^"

# Two runs, because a worker that has imported PyTorch keeps its memory while it tests the viewer.
# They share the small fit and its bundle, which both need. The types are checked beside the second run: that takes
# one core and 1 GB for half a minute, and is told at the end. What is not tested is left out by --ignore: pytest's
# own process, which runs no test, would load the conftest.py, and so PyTorch or Qt, of each folder that is named.
test: style
	@built=$$(mktemp -d) && export BUILT=$$built && \
	{ $(PYTEST) tests --ignore tests/desktop --ignore tests/packaging --ignore-glob 'tests/test_*' && { \
		$(BIN)/mypy >$$built/types 2>&1 & types=$$!; \
		$(PYTEST) $(ONE_MORE) tests --ignore tests/export --ignore tests/training --ignore tests/gpu; status=$$?; \
		wait $$types || status=$$?; echo $(BIN)/mypy; cat $$built/types; (exit $$status); }; }; \
	status=$$?; rm -rf "$$built"; exit $$status

check: lint
	$(PYTEST) $(ONE_MORE) -m "not slow"

lint: style
	$(BIN)/mypy

style: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports --no-logo

# Where there is no environment and no network, PYTHON is one that has PyTorch. Test tools are not needed.
gpu:
	QT_QPA_PLATFORM=offscreen PYTHONPATH=. $(if $(wildcard $(BIN)/python),$(BIN)/python,$(PYTHON)) -m tests.gpu

# What other packages announce to change is no failure there.
lowest:
	uv venv --quiet --clear $(LOWEST)
	uv pip install --quiet --python $(LOWEST) --resolution lowest-direct --editable '.[all]'
	$(call PYTEST_IN,$(LOWEST)) -m "not slow" -W default::DeprecationWarning

wheel: $(INSTALLED)
	$(BIN)/python -m build --wheel

# From the wheel, so that the app has no file that the wheel lacks.
app: $(APP)/.installed
	$(APP)/bin/python -m pip install --quiet --disable-pip-version-check --force-reinstall --no-deps .
	$(APP)/bin/python -m PyInstaller --noconfirm --log-level ERROR --distpath dist --workpath build/app .packaging/app/latent-plane.spec
	@[ "$$(uname)" != Linux ] || $(APP)/bin/python .packaging/app/linux_files.py dist/latent-plane

app-test: app $(INSTALLED)
	APP=dist/latent-plane $(PYTEST) -m app tests/packaging

$(APP)/.installed: pyproject.toml
	rm -rf $(APP)
	$(PYTHON) -m venv $(APP)
	$(APP)/bin/python -m pip install --quiet --disable-pip-version-check '.[app]'
	@touch $@

page-check:
	cd export/page/js && npm install --no-audit --no-fund && npm run check

clean:
	rm -rf $(DEMO) $(LOWEST) $(APP) dist build .import_linter_cache .mypy_cache .pytest_cache .ruff_cache

# Said before a long download; nothing is said if these packages are there already.
define WHAT_IS_FETCHED
import importlib.util, sys

missing = [name for name in ("torch", "onnxruntime", "PySide6") if importlib.util.find_spec(name) is None]
if missing:
    print("downloading into $(VENV): PyTorch to train, ONNX Runtime and Qt for the viewer, tools for the tests")
if "torch" in missing and sys.platform == "linux":
    print(
        "about 3.2 GB, of which 2.7 GB are PyTorch: the package index serves its CUDA build for Linux.\n"
        "For the build that fits this machine (0.2 GB without a GPU) press Ctrl-C, then with uv installed:\n"
        "    uv pip install --python $(VENV) --torch-backend=auto -e '.[all]'\n"
        "and call make again; README.md has the way with pip alone"
    )
endef
export WHAT_IS_FETCHED

$(INSTALLED): pyproject.toml
	@$(PYTHON) -c 'import sys; v = sys.version_info; sys.exit(f"found Python {v[0]}.{v[1]}, expected 3.11 or newer; make PYTHON=python3.11 $(MAKECMDGOALS)" if v < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -c "$$WHAT_IS_FETCHED"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[all]'
	@touch $@

# Not the manifest, which is there from the first epoch on. FITTED: by export.demo, just now.
$(DEMO)/finished: $(SOURCES) | $(INSTALLED)
ifndef FITTED
	rm -rf $(DEMO)/run $(DEMO)/bundle
	$(BIN)/python -m training.fit --out $(DEMO)/run
	$(BIN)/python -m export.onnx $(DEMO)/run --out $(DEMO)/bundle
endif
	@touch $@

$(DEMO)/plane.png: $(DEMO)/finished
	$(BIN)/python -m desktop.render plane $(DEMO)/bundle --out $@ --scale 2

$(DEMO)/samples.png: $(DEMO)/finished
	$(BIN)/python -m desktop.render samples $(DEMO)/bundle --out $@ --scale 2

$(DEMO)/walk.gif: $(DEMO)/finished
	$(BIN)/python -m desktop.render path $(DEMO)/bundle --out $@ --z -1.5,0 --z 0,1.5 --z 1.5,0 --z 0,-1.5 --closed
