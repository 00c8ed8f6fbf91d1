"""The panel for a z that consists of maps: paint on them, or nudge single numbers."""

import time

import numpy as np
from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QLabel,
    QVBoxLayout,
    QWidget,
)

from desktop.base.arrays import Floats
from desktop.base.minus import with_minus
from desktop.base.vector import Vector
from desktop.images.map_painting import MAX_VALUE, Brush, MapStroke, MapTool, new_stroke, reach_of
from desktop.latent.z_maps import MapShape
from desktop.widgets.common.choices import add_choices
from desktop.widgets.common.count_box import CountBox
from desktop.widgets.common.number_box import NumberBox
from desktop.widgets.common.usable import set_usable
from desktop.widgets.panels.map_legend import MapLegend
from desktop.widgets.panels.map_strip import MapStrip
from desktop.widgets.panels.map_view import Cell, MapView

MAP_PX = 250
STEPS_IN_REACH = 30  # a nudge is 0.1 if the colour scale spans ±3
HINT = "Point at the map to read a number. Drag to paint."
BRUSH_SHARE = 8  # of a map's shorter side, at first
TOOL_TIPS = {
    MapTool.ADD: "Each stroke adds this to the numbers under the brush.",
    MapTool.SET: "Each stroke sets the numbers under the brush to this.",
    MapTool.ERASE: "Each stroke restores the numbers from before you began to paint.",
}


class MapsPanel(QWidget):
    """Shows the maps of the cursor's z, one of them large; emits the z that the person paints.

    Attributes:
        view, strip: the large map, and all of them.
        tool, value, brush_size, all_channels: the brush.
        number: the selected number.
        legend: the colour scale.
        pointed: the number under the pointer.
    """

    z_wanted = Signal(object)  # tuple of d numbers
    stroke_began = Signal()
    stroke_ended = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shape = MapShape(1, 1, 1)
        self._z = Vector((0.0,))
        self._maps: Floats = np.zeros((1, 1, 1), np.float32)
        self._unpainted = self._maps
        self._painted: set[int] = set()  # hashes of maps that were painted in this panel
        self._stroke: MapStroke | None = None
        self._least_reach, self._reach = 1.0, 1.0
        self._channel = 0
        self._pause = QTimer(self)  # runs until a stroke may emit z again
        self._pause.setSingleShot(True)
        self._pause.timeout.connect(self._ask)
        self._is_asked = True  # whether the maps' z has been emitted
        self.view = MapView(MAP_PX)
        self.strip = MapStrip()
        self.tool = QComboBox()
        add_choices(self.tool, MapTool)
        self.tool.setAccessibleName("Brush")
        self.value = _number("Value of the brush")
        self.value.setDecimals(2)
        self.value.setFixedWidth(58)
        self.brush_size = CountBox()
        self.brush_size.setAccessibleName("Size of the brush")
        self.brush_size.setToolTip("The diameter of the brush, in numbers of a map.")
        self.brush_size.setPrefix("Size ")
        self.brush_size.setButtonSymbols(QAbstractSpinBox.ButtonSymbols.NoButtons)
        self.all_channels = QCheckBox("All maps")
        self.all_channels.setToolTip("Paint on all maps at once.")
        self.place = QLabel()
        self.number = _number("Selected number")
        self.number.setDecimals(4)
        self.number.setFixedWidth(76)
        self.pointed = QLabel(HINT)
        self.legend = MapLegend()
        self.tool.currentIndexChanged.connect(self._show_tool)
        self.brush_size.valueChanged.connect(self._show_size)
        self.number.valueChanged.connect(self._set_number)
        self.strip.chosen.connect(self.show_channel)
        view = self.view
        view.selected.connect(self._show_place)
        view.nudged.connect(self._nudge)
        view.channel_stepped.connect(lambda step: self.show_channel(self._channel + step))
        view.pointed.connect(self._show_pointed)
        view.stroke_began.connect(self._begin)
        view.stroke_moved.connect(self._paint)
        view.stroke_ended.connect(self._end)
        self._lay_out()
        self._show_tool()

    @property
    def channel(self) -> int:
        """Which map is shown large."""
        return self._channel

    def set_model(self, shape: MapShape, least_reach: float) -> None:
        """Adapt to a model; the colour scale spans at least ± `least_reach`."""
        self._least_reach = least_reach
        if shape == self._shape:
            return
        self._shape = shape
        self._stroke, self._channel = None, 0
        self._z = Vector(np.zeros(shape.channels * shape.height * shape.width))
        self._maps = self._unpainted = shape.maps(self._z)
        self._painted = {self._key()}
        self.value.setValue(round(least_reach / 3, 2))
        self.all_channels.setVisible(shape.channels > 1)
        side = min(shape.height, shape.width)
        self.brush_size.setRange(1, 2 * max(shape.height, shape.width))
        self.brush_size.setValue(max(1, side // BRUSH_SHARE))
        self.view.place = (shape.height // 2, shape.width // 2)
        self._show_maps()

    def set_z(self, z: Vector) -> None:
        """Show the cursor's z."""
        if z is self._z:
            return
        self._z = z
        if self.isVisible():
            self._take_z()

    def show_channel(self, channel: int) -> None:
        """Show the map with this number large, or the first or last one if there is none."""
        self._channel = min(self._shape.channels - 1, max(0, channel))
        self._show_maps()

    def showEvent(self, event: QShowEvent) -> None:
        """Show what changed while the panel was hidden."""
        self._take_z()

    def _take_z(self) -> None:
        """Show z as maps. If they were not painted in this panel, erasing restores them from now on."""
        maps = self._shape.maps(self._z)
        if maps.tobytes() == self._maps.tobytes():
            return
        self._maps = maps
        if self._key() not in self._painted:
            self._unpainted, self._painted = maps, {self._key()}
            self._stroke = None  # another part moved the cursor, perhaps during a stroke
            self._pause.stop()
        self._is_asked = True
        self._show_maps()

    def _want(self, maps: Floats) -> None:
        """Show painted maps, and emit their z, at once or after the pause."""
        if maps.tobytes() == self._maps.tobytes():
            return
        self._maps, self._is_asked = maps, False
        self._painted.add(self._key())
        self._show_maps()
        if not self._pause.isActive():
            self._ask()

    def _ask(self) -> None:
        """Emit the z of the maps, unless it was emitted already.

        The window needs long to show a z of many numbers. So a stroke pauses just as long after each time,
        and the brush keeps up with the pointer.
        """
        if self._is_asked:
            return
        self._is_asked = True
        start = time.perf_counter()
        self._z = self._shape.z(self._maps)
        self.z_wanted.emit(self._z)
        if self._stroke is not None:
            self._pause.start(round(1e3 * (time.perf_counter() - start)))

    def _key(self) -> int:
        return hash(self._maps.tobytes())

    def _show_maps(self) -> None:
        if self._stroke is None:  # during a stroke the colours must not change under the brush
            self._reach = reach_of(self._maps, self._least_reach)
            step = self._reach / STEPS_IN_REACH
            self.value.setSingleStep(step)
            self.number.setSingleStep(step)
            self.legend.set_reach(self._reach)
        self.view.set_map(self._maps[self._channel], self._reach)
        self.strip.set_maps(self._maps, self._reach)
        if self.strip.inside.channel != self._channel:
            self.strip.set_channel(self._channel)
        self._show_place()

    def _show_place(self) -> None:
        text, value = self._words(self.view.place), self._at(self.view.place)
        self.place.setText(text)
        self.number.setAccessibleDescription(text)
        self.view.setAccessibleDescription(f"{text}: {_told(value)}")
        self.number.blockSignals(True)
        self.number.setValue(value)
        self.number.blockSignals(False)

    def _show_pointed(self, cell: Cell | None) -> None:
        self.pointed.setText(HINT if cell is None else f"{self._words(cell)}: {_told(self._at(cell))}")

    def _show_tool(self) -> None:
        tool = MapTool(self.tool.currentData())
        self.tool.setToolTip(TOOL_TIPS[tool])
        set_usable(self.value, "Erasing needs no value." if tool is MapTool.ERASE else "")

    def _show_size(self) -> None:
        self.view.brush_size = self.brush_size.value()
        self.view.update()

    def _set_number(self, value: float) -> None:
        maps = self._maps.copy()
        maps[(self._channel, *self.view.place)] = value
        self._want(maps)

    def _nudge(self, steps: float) -> None:
        self._set_number(self._at(self.view.place) + steps * self._reach / STEPS_IN_REACH)

    def _begin(self, erases: bool) -> None:
        tool = MapTool.ERASE if erases else MapTool(self.tool.currentData())
        brush = Brush(tool, self.value.value(), self.brush_size.value())
        is_all = self.all_channels.isChecked()
        channels = slice(None) if is_all else slice(self._channel, self._channel + 1)
        self._stroke = new_stroke(self._maps, self._unpainted, channels, brush)
        self.stroke_began.emit()

    def _paint(self, start: Cell, end: Cell) -> None:
        if self._stroke is not None:
            self._stroke = self._stroke.along(start, end)
            self._want(self._stroke.maps())
            self._show_pointed(end)

    def _end(self) -> None:
        self._stroke = None
        self._pause.stop()
        self._ask()
        self._show_maps()
        self.stroke_ended.emit()

    def _at(self, cell: Cell) -> float:
        return float(self._maps[(self._channel, *cell)])

    def _words(self, cell: Cell) -> str:
        return f"z{self._channel}, row {cell[0]}, column {cell[1]}"

    def _lay_out(self) -> None:
        brush = QHBoxLayout()
        brush.addWidget(self.tool, 1)
        brush.addWidget(self.value)
        brush.addWidget(self.brush_size)
        brush.addWidget(self.all_channels)
        selected = QHBoxLayout()
        selected.addWidget(self.place, 1)
        selected.addWidget(self.number)
        pictures = QHBoxLayout()
        pictures.addWidget(self.view, 1)
        pictures.addWidget(self.legend)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(brush)
        layout.addLayout(pictures)
        layout.addLayout(selected)
        layout.addWidget(self.pointed)
        layout.addWidget(self.strip)


def _number(name: str) -> NumberBox:
    box = NumberBox()
    box.setRange(-MAX_VALUE, MAX_VALUE)
    box.setButtonSymbols(QAbstractSpinBox.ButtonSymbols.NoButtons)
    box.setKeyboardTracking(False)
    box.setAlignment(Qt.AlignmentFlag.AlignRight)
    box.setAccessibleName(name)
    return box


def _told(value: float) -> str:
    return with_minus(f"{value:z.4f}")
