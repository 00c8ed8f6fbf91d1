"""Shows a page inline in a notebook."""

import html
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from export.page.content import Choices

HEIGHT_PX = 720
# Puts the frame into the cell, and receives the cursor's place from the page in it.
WIDGET = """
export default { render({ model, el }) {
  el.innerHTML = model.get("page");
  const frame = el.querySelector("iframe");
  const take = ({ source, data }) => {
    if (source !== frame.contentWindow || !data?.latentPlane) return;
    model.set("z", data.latentPlane.z);
    model.set("epoch", data.latentPlane.epoch);
    model.set("inputs", data.latentPlane.inputs);
    model.save_changes();
  };
  window.addEventListener("message", take);
  return () => window.removeEventListener("message", take);
} };
"""


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
        """The frame with the whole page in it; its sandbox lets scripts run, isolated from the notebook."""
        return (
            f'<iframe srcdoc="{html.escape(self.page)}" sandbox="allow-scripts allow-downloads" '
            f'width="100%" height="{self.height}" style="border: 0" title="Latent Plane"></iframe>'
        )

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        """The frame, and a line for notebooks that show no HTML."""
        del include, exclude
        return {"text/html": self._repr_html_(), "text/plain": repr(self)}

    def widget(self) -> Any:
        """The same frame as a widget with the page's current `z`, `epoch` and `inputs`. Needs anywidget."""
        try:
            import anywidget
            import traitlets
        except ModuleNotFoundError as error:
            raise ModuleNotFoundError(
                f"found no {error.name}, expected it; pip install anywidget", name=error.name
            ) from error

        class Plane(anywidget.AnyWidget):  # type: ignore[misc]
            """A page in a notebook, with the z, epoch and inputs at its cursor."""

            _esm = WIDGET
            page = traitlets.Unicode(self._repr_html_()).tag(sync=True)
            z = traitlets.List(traitlets.Float()).tag(sync=True)
            epoch = traitlets.Int(0).tag(sync=True)
            inputs = traitlets.Dict().tag(sync=True)

        return Plane()

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
