"""What an animation is to be: subject, format, size, time and captions, with a look at a frame."""

from collections.abc import Iterable
from enum import StrEnum

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QImage, QPixmap, QStandardItemModel
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from desktop.film.film import GRID_SIDE, Caption, Film, Subject
from desktop.film.formats import MAX_FPS, Format, real_fps, why_not
from desktop.widgets.common.choices import add_choices, show_choice

MAX_FRAMES, MAX_SCALE = 2000, 64
PREVIEW_PX = 280
SAVED_SIDE_PX, SAVED_GRID_PX = 280, 560
PATH_FPS, EPOCHS_FPS = 20, 4


class ExportDialog(QDialog):
    """Asks for a Film; `wanted` says it when the person saves, `changed` whenever a part of it changes."""

    wanted = Signal(object)
    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Export animation")
        self._image_px = (28, 28)
        self._epochs = 0
        self.preview = QLabel()
        self.preview.setFixedSize(PREVIEW_PX, PREVIEW_PX + 60)
        self.preview.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.preview.setAccessibleName("The first frame")
        self.subject = _choice("What it goes through", Subject)
        self.format = _choice("Format", Format)
        self.scale = _spin("Size: times as large as the pictures", 1, MAX_SCALE, 10)
        self.scale.setSuffix(" ×")
        self.frames = _spin("Frames in all", 2, MAX_FRAMES, 120)
        self.fps = _spin("Frames a second", 1, MAX_FPS, PATH_FPS)
        self.ping_pong = QCheckBox("There and back")
        self.captions = {part: QCheckBox(part.value) for part in Caption}
        self.facts = QLabel()
        self.facts.setWordWrap(True)
        self.facts.setTextFormat(Qt.TextFormat.PlainText)
        self.buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Save | QDialogButtonBox.StandardButton.Cancel
        )
        self.save = self.buttons.button(QDialogButtonBox.StandardButton.Save)
        self.save.setText("Save…")
        self.buttons.accepted.connect(self._accept)
        self.buttons.rejected.connect(self.reject)
        self.subject.currentIndexChanged.connect(self._on_subject)
        self.format.currentIndexChanged.connect(self._on_changed)
        for spin in (self.scale, self.frames, self.fps):
            spin.valueChanged.connect(self._on_changed)
        for check in (self.ping_pong, *self.captions.values()):
            check.toggled.connect(self._on_changed)
        self._lay_out()
        self._on_changed()

    def set_model(self, image_px: tuple[int, int], epochs: int) -> None:
        """Fit it to another model: its pictures' width and height, and how many epochs it has."""
        self._image_px, self._epochs = image_px, epochs
        self.scale.setValue(max(1, SAVED_SIDE_PX // max(image_px)))
        for index, subject in enumerate(Subject):
            self._enable(self.subject, index, "" if subject is Subject.PATH or epochs > 1 else "no epochs")
        if epochs < 2:
            show_choice(self.subject, Subject.PATH)
        self._on_changed()

    def film(self) -> Film:
        """What is asked for as it stands."""
        return Film(
            subject=Subject(self.subject.currentData()),
            format=Format(self.format.currentData()),
            frame_count=self.frames.value(),
            fps=self.fps.value(),
            scale=self.scale.value(),
            ping_pong=self.ping_pong.isChecked(),
            captions=frozenset(part for part, box in self.captions.items() if box.isChecked()),
        )

    def set_preview(self, image: QImage | None) -> None:
        """Show the first frame, made smaller where it has to be; None where it is not at hand."""
        if image is None:
            self.preview.setText(f"{GRID_SIDE} × {GRID_SIDE} pictures\nof each epoch")
            return
        room = self.preview.size()
        if image.width() > room.width() or image.height() > room.height():
            image = image.scaled(
                room, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
            )
        self.preview.setPixmap(QPixmap.fromImage(image))

    def set_size(self, width_px: int, height_px: int) -> None:
        """Say how large a frame will be, and how long the whole takes."""
        film = self.film()
        fps = real_fps(film.format, film.fps)
        count = film.frame_count if film.subject is Subject.PATH else self.frames_of_epochs()
        text = f"{width_px} × {height_px} px, {count} frames, {count / fps:.1f} s"
        if abs(fps - film.fps) > 0.005 * film.fps:
            text += f"; a {film.format.value} counts hundredths of a second: really {fps:.3g} frames a second"
        self.facts.setText(text)

    def frames_of_epochs(self) -> int:
        """How many frames a film over the epochs has."""
        there_and_back = self.ping_pong.isChecked() and self._epochs > 2
        return 2 * self._epochs - 2 if there_and_back else self._epochs

    def picture_px(self) -> tuple[int, int]:
        """Width and height of what is enlarged: a picture, or a grid of them."""
        side = GRID_SIDE if self.film().subject is Subject.PLANE_EPOCHS else 1
        return self._image_px[0] * side, self._image_px[1] * side

    def _on_subject(self) -> None:
        """Epochs are few and want time to be looked at; a grid is large as it is."""
        self.fps.setValue(PATH_FPS if self.film().subject is Subject.PATH else EPOCHS_FPS)
        most = SAVED_GRID_PX if self.film().subject is Subject.PLANE_EPOCHS else SAVED_SIDE_PX
        self.scale.setValue(max(1, most // max(self.picture_px())))
        self._on_changed()

    def _on_changed(self) -> None:
        for index, kind in enumerate(Format):
            self._enable(self.format, index, why_not(kind))
        film = self.film()
        over_epochs = film.subject is not Subject.PATH
        self.frames.setEnabled(not over_epochs)
        self.captions[Caption.EPOCH].setEnabled(self._epochs > 0)
        self.captions[Caption.Z].setEnabled(film.subject is not Subject.PLANE_EPOCHS)
        self.changed.emit()

    def _accept(self) -> None:
        self.accept()
        self.wanted.emit(self.film())

    @staticmethod
    def _enable(box: QComboBox, index: int, reason: str) -> None:
        """Whether an entry can be chosen, and else why not."""
        items = box.model()
        assert isinstance(items, QStandardItemModel)
        items.item(index).setEnabled(not reason)
        box.setItemData(index, reason, Qt.ItemDataRole.ToolTipRole)

    def _lay_out(self) -> None:
        form = QFormLayout()
        form.addRow("Show", self.subject)
        form.addRow("Format", self.format)
        form.addRow("Size", self.scale)
        form.addRow("Frames", self.frames)
        form.addRow("Frames a second", self.fps)
        form.addRow("", self.ping_pong)
        captions = QHBoxLayout()
        for box in self.captions.values():
            captions.addWidget(box)
        captions.addStretch(1)
        form.addRow("Captions", captions)
        form.addRow(self.facts)
        above = QHBoxLayout()
        above.addWidget(self.preview)
        above.addLayout(form, 1)
        layout = QVBoxLayout(self)
        layout.addLayout(above)
        layout.addWidget(self.buttons)


def _choice(name: str, members: Iterable[StrEnum]) -> QComboBox:
    box = QComboBox()
    add_choices(box, members)
    box.setAccessibleName(name)
    return box


def _spin(name: str, low: int, high: int, value: int) -> QSpinBox:
    spin = QSpinBox()
    spin.setRange(low, high)
    spin.setValue(value)
    spin.setAccessibleName(name)
    return spin
