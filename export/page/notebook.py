"""The page inline in a notebook."""

import html
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from export.page.content import Choices

HEIGHT_PX = 720


@dataclass(frozen=True)
class Shown:
    """A page that a notebook shows in a frame of its own.

    Attributes:
        page: the HTML file's text.
        height: of the frame, in pixels.
    """

    page: str
    height: int = HEIGHT_PX

    def _repr_html_(self) -> str:
        """The frame, which has the whole page in itself; it can run scripts but reach nothing around it."""
        return (
            f'<iframe srcdoc="{html.escape(self.page)}" sandbox="allow-scripts allow-downloads" '
            f'width="100%" height="{self.height}" style="border: 0" title="Latent Plane"></iframe>'
        )

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        """The frame, and a line for notebooks that show no HTML."""
        del include, exclude
        return {"text/html": self._repr_html_(), "text/plain": repr(self)}

    def __repr__(self) -> str:
        return f"<page of {len(self.page.encode()) / 1e6:.2f} MB, {self.height} pixels high>"


def show(path: str | os.PathLike[str], height: int = HEIGHT_PX, choices: "Choices | None" = None) -> Shown:
    """Show a bundle or an ONNX decoder in a notebook: put `show("model.latent")` last in a cell.

    `height` is in pixels. `choices` are those of the command `python -m export.page`. Raises what
    `export.page.content.content_of` raises.
    """
    from export.page.content import Choices, content_of
    from export.page.html import page

    content = content_of(Path(path), choices or Choices())
    return Shown(page(content.title, content.facts, content.blocks), height)
