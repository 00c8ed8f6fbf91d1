# make demo     installs everything, fits a model and shows it in the viewer while it is fitted
# make check    lint, types, import contracts and the quick tests, in under a minute
# make test     the same with all tests
# make lowest   the quick tests with the lowest versions that pyproject.toml allows; needs uv
# make wheel    builds the wheel, in dist/
# make app      builds the viewer for people without Python, as a folder and as one file, in dist/: three minutes
# make app-test builds the app and tests it
# make page-check  types and lint of the page's JavaScript; needs npm
# make gpu      checks training and viewer on an NVIDIA GPU: one table, in 8 minutes
# make clean    removes everything that these commands made, except the environment
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
LOWEST := .venv-lowest
# An environment of its own, because only the app needs the CPU build of ONNX Runtime.
APP := .venv-app
DEMO := artifacts/demo
# A variable of its own, because make --dry-run runs every recipe line in which $(MAKE) is written.
MAKE_AGAIN = $(MAKE) --no-print-directory
# Each file's tests run on one core, because they share their fixtures.
PYTEST_IN = QT_QPA_PLATFORM=offscreen $(1)/bin/python -m pytest --numprocesses logical --maxprocesses 4 --dist loadfile --no-loadscope-reorder
PYTEST := $(call PYTEST_IN,$(VENV))
# The viewer's tests wait for timers and other processes, so one more test process than cores is started.
ONE_MORE = --numprocesses $$($(BIN)/python -c 'import os; print(min(4, os.cpu_count() + 1))')
# Tests start some hundred processes, each of which would compile the program again without compiled files.
export PYTHONDONTWRITEBYTECODE :=
SOURCES := $(wildcard training/*.py training/data/*.py training/data/mnist.xz export/*.py)

.PHONY: help demo pictures test check gpu lint style lowest wheel app app-test page-check clean
.DELETE_ON_ERROR:

help:
	@sed -n 's/^# \(make \)/\1/p' $(firstword $(MAKEFILE_LIST))

# With a display, the viewer opens as soon as there is something to see, while the fit continues.
demo: $(INSTALLED)
	@if [ -z "$$DISPLAY$$WAYLAND_DISPLAY" ] && [ "$$(uname)" != Darwin ]; then \
		$(MAKE_AGAIN) pictures && \
		echo "found no display, so the viewer was not opened; with a display, run $(BIN)/python -m desktop $(DEMO)/bundle"; \
	elif $(MAKE_AGAIN) --question $(DEMO)/finished; then \
		$(MAKE_AGAIN) pictures && $(BIN)/python -m desktop $(DEMO)/bundle; \
	else \
		rm -rf $(DEMO)/run $(DEMO)/bundle && \
		$(BIN)/python -m export.demo $(DEMO) $(MAKE_AGAIN) FITTED=yes pictures; \
	fi

pictures: $(DEMO)/plane.png $(DEMO)/samples.png $(DEMO)/walk.gif
	@echo "pictures: $^"

# Two runs, because a worker that has imported PyTorch would keep its memory while it tests the viewer. Both runs
# share the small fit and its bundle. mypy runs beside the second run (it takes one core and 1 GB for half a minute);
# its result is printed at the end. Folders are left out by --ignore instead of naming the others: pytest's main
# process, which runs no tests, would load the conftest.py of each named folder, and so PyTorch or Qt.
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

# Without an environment and a network, set PYTHON to a Python that has PyTorch. Test tools are not needed.
gpu:
	QT_QPA_PLATFORM=offscreen PYTHONPATH=. $(if $(wildcard $(BIN)/python),$(BIN)/python,$(PYTHON)) -m tests.gpu

# Here a deprecation warning is no failure.
lowest:
	uv venv --quiet --clear $(LOWEST)
	uv pip install --quiet --python $(LOWEST) --resolution lowest-direct --editable '.[all]'
	$(call PYTEST_IN,$(LOWEST)) -m "not slow" -W default::DeprecationWarning

wheel: $(INSTALLED)
	$(BIN)/python -m build --wheel

# The app is built from an installed wheel, so that it has no file that the wheel lacks.
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

# Printed before a long download; prints nothing if these packages are installed already.
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
        "and run make again; README.md says how to do it with pip alone"
    )
endef
export WHAT_IS_FETCHED

$(INSTALLED): pyproject.toml
	@$(PYTHON) -c 'import sys; v = sys.version_info; sys.exit(f"found Python {v[0]}.{v[1]}, expected 3.11 or newer; make PYTHON=python3.11 $(MAKECMDGOALS)" if v < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -c "$$WHAT_IS_FETCHED"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[all]'
	@touch $@

# A file of its own marks the end of the fit, because the manifest is there from the first epoch on. FITTED is set
# when export.demo has just fitted the model.
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
