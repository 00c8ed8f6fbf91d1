"""The section of the view: the plane's directions and axes, its layers, and the labels."""

from collections.abc import Set

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QGroupBox,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSlider,
    QVBoxLayout,
    QWidget,
)

from desktop.jobs.density_map import PosteriorMap
from desktop.latent.chart import AxisScale
from desktop.models.point_words import TEST_IMAGES, PointWords
from desktop.view.state import OPACITY_NAMES, Layer, ViewState
from desktop.widgets.common.count_box import CountBox
from desktop.widgets.common.plain_text import tip_text
from desktop.widgets.common.theme import GRID_PX
from desktop.widgets.common.usable import NO_POINTS, reason_of, set_usable
from desktop.widgets.panels.layer_legends import DensityLegend, HolesLegend
from desktop.widgets.panels.legend import Legend

OF_IMAGES = (Layer.DENSITY, Layer.HOLES)
TOOL_TIPS = {
    Layer.BACKDROP: "Show the pictures decoded across the plane.",
    Layer.PRIOR: (
        "Show the contours that contain 50, 90 and 99 % of the prior.\n"
        "With more than two latent dimensions, the prior is projected on the plane: samples that lie on\n"
        "the plane itself, such as those that it goes through, may be far outside."
    ),
    Layer.DENSITY: (
        "Show the aggregate posterior, the mean of q(z|x) over {many}, on the plane.\n"
        "Where it agrees with the prior, its colour is that of the prior's own density."
    ),
    Layer.HOLES: (
        "Show where the prior expects at least ten times as many {bare} as there are, within the\n"
        "contour that contains 99 % of it; beyond it, next to none are expected."
    ),
    Layer.POINTS: "Show the mean of q(z|x) of each of {many}.{source}",
    Layer.THUMBNAIL: (
        "Show {one} of the point under the pointer.\n"
        "Ctrl-click pins or unpins it; the key I pins or unpins the one nearest to the cursor."
    ),
    Layer.ELLIPSE: (
        "Show the approximate posterior q(z|x) of {one} under the pointer:\n"
        "on a plane, 39 % of it lies within 1 standard deviation (σ), and 86 % within 2."
    ),
    Layer.ENCODED: (
        "Show the encoder's approximate posterior q(z|x) of your image, at 1 and 2 standard deviations."
    ),
    Layer.TRUE_POSTERIOR: (
        "Show the true posterior p(z|x) of your image, from the decoder alone, for two latent dimensions;\n"
        "the curves contain 50 and 95 % of it."
    ),
    Layer.BOOKMARKS: (
        "Mark the bookmarks that lie on the plane.\n"
        "Point at a mark for its name; a click with the right button has more."
    ),
}

# Why the open model cannot show a layer.
NO_IMAGES = "The open model has no images for it."
MISSING = {
    Layer.ENCODED: "The open model has no encoder.",
    Layer.TRUE_POSTERIOR: (
        "It needs a bundle with two latent dimensions and a known likelihood, whose decoder is quick."
    ),
}


def why_missing(layer: Layer) -> str:
    """Return why the open model cannot show a layer."""
    return MISSING.get(layer, NO_IMAGES)


def layer_text(layer: Layer, words: PointWords) -> str:
    """Return the name of a layer in the window, with the words for the points."""
    if layer is Layer.POINTS:
        return words.as_layer
    return words.heading_of_one("under the pointer") if layer is Layer.THUMBNAIL else layer.value


# The value of the boxes of the axes while the plane does not lie along two axes.
NO_AXIS = -1
OPACITY_PX, LEAST_PERCENT, LEAST_TEXT_PX = 72, 5, 160


class ViewPanel(QWidget):
    """Shows the state's plane and layers; emits signals for what the person wants to change."""

    axes_wanted = Signal(int, int)
    scale_wanted = Signal(object)
    principal_wanted = Signal()
    through_path_wanted = Signal()
    layer_wanted = Signal(object, bool)
    opacity_wanted = Signal(object, float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.right, self.up = CountBox(), CountBox()
        self.principal = QPushButton("Principal")
        self.through_path = QPushButton("Through path")
        self.through_path.setToolTip("Use the plane through the last three points of the path.")
        self.axes = QWidget()
        self.layers = {layer: QCheckBox(layer.value) for layer in Layer}
        self.opacities = {layer: QSlider(Qt.Orientation.Horizontal) for layer in OPACITY_NAMES}
        self.legend = Legend()
        self.density_legend, self.holes_legend = DensityLegend(), HolesLegend()
        self.layer_legends: dict[Layer, QWidget] = {
            Layer.DENSITY: self.density_legend,
            Layer.HOLES: self.holes_legend,
        }

        self.scale = QComboBox()
        self.scale.addItems([scale.value for scale in AxisScale])
        self.scale.setAccessibleName("Axes")
        self.scale.setToolTip(
            "Use axes that are linear in z, or quantiles of the prior:\n"
            "then all squares of the same size have the same probability under the prior."
        )
        self.scale.activated.connect(lambda index: self.scale_wanted.emit(list(AxisScale)[index]))
        self.principal.clicked.connect(self.principal_wanted)
        self.through_path.clicked.connect(self.through_path_wanted)
        for spin in (self.right, self.up):
            spin.valueChanged.connect(self._choose_axes)
        for layer, box in self.layers.items():
            box.clicked.connect(lambda on, layer=layer: self.layer_wanted.emit(layer, on))
        for layer, slider in self.opacities.items():
            slider.setRange(LEAST_PERCENT, 100)
            slider.setFixedWidth(OPACITY_PX)
            slider.valueChanged.connect(
                lambda percent, layer=layer: self.opacity_wanted.emit(layer, percent / 100)
            )
        self._state, self._has_points = ViewState(), False
        self._lay_out()
        self.set_words(TEST_IMAGES)

    def set_model(self, latent_dim: int, label_names: tuple[str, ...], has_points: bool) -> None:
        """Adapt the controls to another model."""
        self.legend.set_labels(label_names if has_points else ())
        self.axes.setVisible(latent_dim > 2)
        set_usable(self.principal, "" if has_points else NO_POINTS)
        self._has_points = has_points
        self._show_opacity(Layer.BACKDROP, self._state)
        for spin in (self.right, self.up):
            spin.blockSignals(True)
            spin.setRange(0, latent_dim - 1)
            spin.blockSignals(False)

    def _choose_axes(self) -> None:
        """Emit the chosen axes; if the plane lay along none, the other axis is the first that differs."""
        right, up = self.right.value(), self.up.value()
        if max(right, up) > NO_AXIS:
            right = int(up == 0) if right == NO_AXIS else right
            up = int(right == 0) if up == NO_AXIS else up
            self.axes_wanted.emit(right, up)

    def set_words(
        self, words: PointWords, of_images: PointWords | None = None, missing: Set[Layer] = frozenset()
    ) -> None:
        """Set the words that name the points, and disable the layers that are `missing`.

        `of_images` are the words for the images of the densities, if they differ.
        """
        for layer, box in self.layers.items():
            box.setText(layer_text(layer, words).replace("&", "&&"))
            if layer in self.opacities:
                self.opacities[layer].setAccessibleName(f"{layer_text(layer, words)}: opacity")
            tip, used = TOOL_TIPS[layer], words
            if layer in OF_IMAGES:
                used = of_images or words
            for name in ("one", "many", "bare", "source"):
                tip = tip.replace(f"{{{name}}}", getattr(used, name))
            set_usable(box, why_missing(layer) if layer in missing else "", tip_text(tip))
        tip = f"Use the two directions in which the means of {words.many} vary most."
        set_usable(self.principal, reason_of(self.principal), tip)
        self.legend.set_words(words)

    def set_map(self, found: PosteriorMap) -> None:
        """Adapt the legends of density and holes to the map that is drawn."""
        self.density_legend.set_map(len(found.plane.origin) > 2, found.is_smoothed)
        self.holes_legend.set_map(found.count, found.has_too_few)

    def set_state(self, state: ViewState) -> None:
        """Show a state."""
        self._state = state
        axes = state.plane.axes or (NO_AXIS, NO_AXIS)
        for spin, axis in zip((self.right, self.up), axes, strict=True):
            spin.blockSignals(True)
            spin.setMinimum(min(0, axis))
            spin.setSpecialValueText("–" if axis == NO_AXIS else "")
            spin.setValue(axis)
            spin.blockSignals(False)
        self.scale.setCurrentIndex(list(AxisScale).index(state.scale))
        for layer, box in self.layers.items():
            box.setChecked(layer in state.layers)
            if layer in self.opacities:
                self._show_opacity(layer, state)
            if layer in self.layer_legends:
                self.layer_legends[layer].setVisible(layer in state.layers and box.isEnabled())
        self.legend.set_hidden(state.hidden_labels)
        set_usable(self.through_path, "" if len(state.path) > 2 else "The path needs three points.")

    def _show_opacity(self, layer: Layer, state: ViewState) -> None:
        slider, percent = self.opacities[layer], round(100 * state.opacity(layer, self._has_points))
        slider.setVisible(layer in state.layers and self.layers[layer].isEnabled())
        slider.setToolTip(f"Opacity: {percent} %")
        slider.blockSignals(True)
        slider.setValue(percent)
        slider.blockSignals(False)

    def _lay_out(self) -> None:
        in_axes = QVBoxLayout(self.axes)
        in_axes.setContentsMargins(0, 0, 0, 0)
        axes_row, planes_row = QHBoxLayout(), QHBoxLayout()
        in_axes.addLayout(axes_row)
        in_axes.addLayout(planes_row)
        planes_row.addWidget(self.principal)
        planes_row.addWidget(self.through_path)
        for name, spin in (("Right z", self.right), ("Up z", self.up)):
            axes_row.addWidget(QLabel(name))
            axes_row.addWidget(spin, 1)
            spin.setAccessibleName(f"{name}: dimension")
            spin.setToolTip(
                f"Choose the latent dimension that grows {'rightward' if spin is self.right else 'upward'}."
            )
        scale_row = QHBoxLayout()
        scale_row.addWidget(QLabel("Axes"))
        scale_row.addWidget(self.scale, 1)
        layers = QGroupBox("Layers")
        in_layers = QVBoxLayout(layers)
        in_layers.setContentsMargins(0, 0, 0, 0)
        in_layers.setSpacing(GRID_PX // 2)
        # A folder's name in its text must not widen the panel; the tool tip has the whole name.
        self.layers[Layer.POINTS].setMinimumWidth(LEAST_TEXT_PX)
        for layer, box in self.layers.items():
            row = QHBoxLayout()
            row.addWidget(box, 1)
            if layer in self.opacities:
                row.addWidget(self.opacities[layer])
            in_layers.addLayout(row)
            if layer is Layer.POINTS:
                in_layers.addWidget(self.legend)
            if layer in self.layer_legends:
                in_layers.addWidget(self.layer_legends[layer])
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 6, 0, 0)
        layout.addLayout(scale_row)
        layout.addWidget(self.axes)
        layout.addWidget(layers)
        layout.addStretch(1)
