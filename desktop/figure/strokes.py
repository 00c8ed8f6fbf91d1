"""Draws lines, circles, texts and pictures with Matplotlib. No Qt.

Matplotlib is imported where it is used. The import takes a quarter of a second, which a program that draws no
figure can spare.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from desktop.base.arrays import Array, Bytes
from desktop.figure.figure import Ground
from desktop.figure.texts import FAMILY, drawable, width_px

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True)
class Colors:
    """The colours for one background.

    Attributes:
        paper: the background itself.
        ink: texts, the cursor, and the approximate posterior of a drawn image.
        muted: axes and headings.
        line: the prior's contours.
        hatch: holes.
        path: the path.
        own: the true posterior of a drawn image.
        edge: the edges of points.
    """

    paper: str
    ink: str
    muted: str
    line: str
    hatch: str
    path: str
    own: str
    edge: str


ON_WHITE = Colors("#ffffff", "#14181d", "#4a535e", "#14181d", "#14181d", "#b3261e", "#d9480f", "#00000055")
COLORS = {
    Ground.WHITE: ON_WHITE,
    Ground.TRANSPARENT: ON_WHITE,
    Ground.DARK: Colors("#0e1116", "#eef1f5", "#aab4c0", "#ffffff", "#ffffff", "#ffd166", "#ff7a52", "none"),
}


class Pen:
    """Draws on Matplotlib's axes, whose units are pixels at scale 1 with y downward."""

    def __init__(self, axes: "Axes", colors: Colors) -> None:
        self.axes, self.colors = axes, colors

    def picture(
        self, picture: Bytes, corners: Array, zorder: float, opacity: float = 1.0, smooth: str = "bilinear"
    ) -> Any:
        """Draw a picture uint8 [H, W(, C)] between its upper left and its lower right corner."""
        (left, top), (right, bottom) = corners.tolist()
        limits = self.axes.get_xlim(), self.axes.get_ylim()
        shown = picture if picture.ndim == 3 else np.repeat(picture[..., np.newaxis], 3, axis=2)
        image = self.axes.imshow(
            shown,
            extent=(left, right, bottom, top),
            interpolation=smooth,
            alpha=opacity,
            zorder=zorder,
            aspect="auto",
        )
        self.axes.set_xlim(limits[0])
        self.axes.set_ylim(limits[1])
        return image

    def line(
        self,
        px: Array,
        color: str,
        thick: float,
        zorder: float = 3,
        opacity: float = 1.0,
        dashes: tuple[float, float] | None = None,
    ) -> None:
        """Draw a line through points [N, 2]."""
        from matplotlib.lines import Line2D

        style: Any = "-" if dashes is None else (0, tuple(length / thick for length in dashes))
        self.axes.add_line(
            Line2D(
                px[:, 0],
                px[:, 1],
                color=color,
                linewidth=thick,
                alpha=opacity,
                linestyle=style,
                zorder=zorder,
                solid_joinstyle="round",
            )
        )

    def circle(self, px: Array, radius: float, face: str, edge: str, thick: float, zorder: float = 3) -> None:
        """Draw a circle around a point."""
        from matplotlib.patches import Circle

        x, y = px.tolist()
        self.axes.add_patch(Circle((x, y), radius, fc=face, ec=edge, lw=thick, zorder=zorder))

    def diamond(
        self, px: Array, radius: float, face: str, edge: str, thick: float, zorder: float = 3
    ) -> None:
        """Draw a square that stands on a corner, with its middle at `px`; `radius` goes to the corners."""
        from matplotlib.patches import RegularPolygon

        x, y = px.tolist()
        self.axes.add_patch(
            RegularPolygon((x, y), 4, radius=radius, fc=face, ec=edge, lw=thick, zorder=zorder)
        )

    def box(
        self, corner: tuple[float, float], size: tuple[float, float], edge: str, opacity: float, zorder: float
    ) -> None:
        """Draw a rounded box in the background's colour."""
        from matplotlib.patches import FancyBboxPatch

        self.axes.add_patch(
            FancyBboxPatch(
                corner,
                *size,
                boxstyle="round,pad=0,rounding_size=5",
                fc=self.colors.paper,
                ec=edge,
                lw=1.5 if edge != "none" else 0,
                alpha=opacity,
                zorder=zorder,
            )
        )

    def name(
        self, x: float, y: float, text: str, size: float, edge: str, zorder: float, is_bold: bool = False
    ) -> None:
        """Draw a text in a rounded box with its middle at (x, y)."""
        width, height = width_px(text, size, is_bold) + 10, size + 7
        self.box((x - width / 2, y - height / 2), (width, height), edge, 0.88, zorder)
        self.text(x, y, text, size, self.colors.ink, "center", zorder + 0.1, is_bold)

    def text(
        self,
        x: float,
        y: float,
        text: str,
        size: float,
        color: str,
        align: str = "left",
        zorder: float = 10,
        is_bold: bool = False,
        turned: float = 0,
    ) -> None:
        """Draw a text with its middle at height y, rotated about (x, y); it is never parsed as a formula."""
        self.axes.text(
            x,
            y,
            drawable(text),
            fontsize=size,
            color=color,
            ha=align,
            va="center_baseline",
            zorder=zorder,
            rotation=turned,
            rotation_mode="anchor",  # otherwise "center_baseline" moves the turned text by half its length
            family=FAMILY,
            weight="bold" if is_bold else "normal",
            parse_math=False,
        )
