"""A page that is open in Chromium."""

import re
from pathlib import Path

import numpy as np

from export.page.content import Choices, content_of
from export.page.html import page

PIXELS = """(selector) => {
  const canvas = document.querySelector(selector);
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  return [canvas.height, canvas.width, Array.from(data)];
}"""
NETWORK = re.compile(r"^(?!data:|blob:|file:)")


class Tab:
    """A page in Chromium, and the errors that occurred in it."""

    def __init__(self, tab):
        self.tab = tab
        self.errors: list[str] = []
        self.requests: list[str] = []
        tab.on("pageerror", lambda error: self.errors.append(str(error)))
        tab.on("console", lambda said: self.errors.append(said.text) if said.type == "error" else None)
        tab.on("dialog", lambda dialog: (self.errors.append(dialog.message), dialog.dismiss()))
        tab.on("request", lambda request: self.requests.append(request.url))

    def open(self, path: Path) -> "Tab":
        self.tab.goto(path.as_uri())
        self.tab.wait_for_selector("html[data-ready=yes]")
        return self

    def text(self, selector: str) -> str:
        return self.tab.locator(selector).text_content()

    def picture(self) -> np.ndarray:
        return self.picture_of("#picture")

    def picture_of(self, selector: str) -> np.ndarray:
        height, width, data = self.tab.evaluate(PIXELS, selector)
        return np.array(data, np.float32).reshape(height, width, 4).transpose(2, 0, 1) / 255

    def set_z(self, z: str) -> None:
        self.tab.fill("#z", z)
        self.tab.press("#z", "Enter")
        self.settle()

    def settle(self) -> None:
        """Wait long enough for two frames, and for the worker's answers to earlier requests."""
        self.tab.wait_for_timeout(120)


def text_of(source: Path) -> str:
    content = content_of(source, Choices())
    return page(content.title, content.facts, content.blocks)
