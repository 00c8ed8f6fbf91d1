"""A real Chromium, started once for each file of tests; where there is none, these tests are skipped."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from export.page.html import bundled
from export.page.program import Program
from tests.export.page.tabs import NETWORK, Tab, text_of

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
# Switches that keep Chromium from using the network and a GPU.
ARGUMENTS = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
RUN = """([program, constants, input]) => {
  const arrays = constants.map((numbers) => Float32Array.from(numbers));
  const runner = new Runner(program);
  runner.load(arrays);
  return [runner.machine.kind, runner.run(input).map((result) => Array.from(result))];
}"""


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    sync_api = pytest.importorskip("playwright.sync_api", reason="found no playwright, which drives Chromium")
    if CHROMIUM is None:
        pytest.skip("found no Chromium, expected chromium or google-chrome on the path")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS, chromium_sandbox=False)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def calculator(chromium) -> Iterator[Any]:
    """Run a program in Chromium: (program, input) → the kind of machine that ran it, and the results."""
    tab = chromium.new_page()
    tab.evaluate(f"() => {{ {bundled('engine.js')}; globalThis.Runner = module_runner.Runner; }}")

    def run(program: Program, x: np.ndarray) -> tuple[str, list[np.ndarray]]:
        constants = [array.reshape(-1).tolist() for array in program.constants.values()]
        kind, results = tab.evaluate(RUN, [program.as_json(), constants, x.reshape(-1).tolist()])
        return kind, [np.array(result, np.float32) for result in results]

    run.tab = tab
    yield run
    tab.close()


@pytest.fixture
def open_tab(chromium, tmp_path):
    """Open a bundle, a model or a page."""
    tabs = []

    def open_(source: Path, **context) -> Tab:
        file = source if source.suffix == ".html" else tmp_path / "page.html"
        if file != source:
            file.write_text(text_of(source), encoding="utf-8")
        tab = Tab(chromium.new_page(**({"viewport": {"width": 1000, "height": 700}} | context)))
        tabs.append(tab)
        return tab.open(file)

    yield open_
    for tab in tabs:
        tab.tab.close()
        assert tab.errors == []
        assert [url[:80] for url in tab.requests if NETWORK.match(url)] == []
