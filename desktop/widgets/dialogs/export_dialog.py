"""The dialog for exporting an animation: content, format, size and speed, with a preview that plays."""

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QImage, QPixmap
from PySide6.QtWidgets import (
    QCheckBox,
    QDialogButtonBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QVBoxLayout,
    QWidget,
)

from desktop.film.duration import lasting
from desktop.film.film import GRID_SIDE, Caption, Content, Film, Subject, epoch_order, film_px
from desktop.film.formats import LIMITS, MAX_FPS, Format, largest_scale, real_fps, why_not, why_too_large
from desktop.jobs.cost import ASK_FROM_S, Cost
from desktop.widgets.common.choices import choice_box, count_box, show_choice
from desktop.widgets.common.fitting_dialog import FittingDialog, Scrolled
from desktop.widgets.common.saved_inputs import save_input
from desktop.widgets.common.usable import set_choice_usable, set_usable

MAX_FRAMES, MAX_SCALE = 2000, 64
PREVIEW_PX = 400, 340
SAVED_SIDE_PX, SAVED_PLANE_PX, SAVED_BESIDE_PX = 280, 560, 448
LEAST_FRAME_MS = 15
# The longer side of a film's plane, as in a narrow window, is at most so many times the shorter one.
MOST_ASPECT = 3.0
PATH_FPS, EPOCHS_FPS = 20, 4
GRID_PREVIEW = f"{GRID_SIDE} × {GRID_SIDE} pictures\nper epoch"
NO_EPOCHS = "The open model has no epochs to animate."
NO_PATH = "There is no path yet. Shift-click two places on the plane to make one."


class ExportDialog(FittingDialog):
    """Asks for a Film; emits `wanted` with it on saving, and `changed` whenever a setting changes."""

    wanted = Signal(object)
    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Export animation")
        self._image_px = (28, 28)
        self._plane_aspect = 1.0
        self._has_path = True
        # The path's speed and scale, while the epochs are selected because there is no path.
        self._of_path: tuple[int, int] | None = None
        self._epochs = 0
        self.preview = QLabel()
        self.preview.setFixedSize(*PREVIEW_PX)
        self.preview.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.preview.setAccessibleName("Preview of the animation")
        self._playing: list[QPixmap] = []
        self._shown = 0
        self._next = QTimer(self)
        self._next.timeout.connect(self._play)
        self.subject = choice_box("Animate", Subject)
        self.content = choice_box("Frames show", Content)
        self.format = choice_box("Format", Format)
        self.scale = count_box("Scale of the pictures", 1, MAX_SCALE, 10)
        self.scale.setSuffix(" ×")
        self.frames = count_box("Number of frames", 2, MAX_FRAMES, 120)
        self.fps = count_box("Frames per second", 1, MAX_FPS, PATH_FPS)
        for box in (self.scale, self.frames, self.fps):  # a box refuses digits that would exceed its range
            box.setToolTip(f"{box.accessibleName()}, from {box.minimum():,} to {box.maximum():,}.")
        self.ping_pong = QCheckBox("There and back")
        self.captions = {part: QCheckBox(part.value) for part in Caption}
        self.facts = QLabel()
        self.facts.setWordWrap(True)
        self.facts.setTextFormat(Qt.TextFormat.PlainText)
        self.cost = QLabel()
        self.cost.setWordWrap(True)
        self.cost.setTextFormat(Qt.TextFormat.PlainText)
        self.cost.hide()
        self.buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Save | QDialogButtonBox.StandardButton.Cancel
        )
        self.save = self.buttons.button(QDialogButtonBox.StandardButton.Save)
        self.save.setText("&Save…")
        self.buttons.accepted.connect(self._accept)
        self.buttons.rejected.connect(self.reject)
        self.subject.currentIndexChanged.connect(self._on_subject)
        self.subject.activated.connect(self._on_chosen)
        self.content.currentIndexChanged.connect(self._fit_scale)
        self.format.currentIndexChanged.connect(self._on_changed)
        for spin in (self.scale, self.frames, self.fps):
            spin.valueChanged.connect(self._on_changed)
        for check in (self.ping_pong, *self.captions.values()):
            check.toggled.connect(self._on_changed)
        for name, widget in (
            ("content", self.content),
            ("format", self.format),
            ("scale", self.scale),
            ("frames", self.frames),
            ("fps", self.fps),
            ("ping_pong", self.ping_pong),
            *((f"caption_{part.name.lower()}", box) for part, box in self.captions.items()),
        ):
            save_input(f"path.{name}", widget)
        self._lay_out()
        self._on_changed()

    def set_model(self, image_px: tuple[int, int], epochs: int) -> None:
        """Adapt to another model: its pictures' width and height, and its number of epochs."""
        self._image_px, self._epochs = image_px, epochs
        self._fit_scale()
        for index, subject in enumerate(Subject):
            set_choice_usable(self.subject, index, "" if subject is Subject.PATH or epochs > 1 else NO_EPOCHS)
        if epochs < 2:
            show_choice(self.subject, Subject.PATH)
        self._on_changed()

    def set_plane_aspect(self, aspect: float) -> None:
        """Take over the width of the plane in the window by its height, within limits."""
        self._plane_aspect = min(MOST_ASPECT, max(1 / MOST_ASPECT, aspect))

    def set_has_path(self, has_path: bool) -> None:
        """Set whether there is a path to animate; without one, select the epochs.

        If there are no epochs either, `set_size` says how to make a path.
        """
        self._has_path = has_path
        subject = self.film().subject
        if not has_path and subject is Subject.PATH and self._epochs > 1:
            self._of_path = self.fps.value(), self.scale.value()
            show_choice(self.subject, Subject.EPOCHS)
        elif has_path:
            self._put_back()

    def set_duration(self, seconds: float) -> None:
        """Set the number of frames so that the animation goes along the path once in `seconds`."""
        self.frames.setValue(lasting(self.film(), seconds, MAX_FRAMES).frame_count)

    def film(self) -> Film:
        """Return the animation with the current settings."""
        return Film(
            subject=Subject(self.subject.currentData()),
            format=Format(self.format.currentData()),
            frame_count=self.frames.value(),
            fps=self.fps.value(),
            scale=self.scale.value(),
            ping_pong=self.ping_pong.isChecked(),
            captions=frozenset(part for part, box in self.captions.items() if box.isChecked()),
            content=Content(self.content.currentData()),
            plane_aspect=self._plane_aspect,
        )

    def set_preview(self, image: QImage | None, text: str = GRID_PREVIEW) -> None:
        """Show the first frame, shrunk to fit, until there are frames to play; None shows the text."""
        self._next.stop()
        self._playing = []
        if image is None:
            self.preview.setText(text)
        else:
            self.preview.setPixmap(self._fitted(image))

    def play(self, images: list[QImage], seconds: float) -> None:
        """Play frames in a loop of this duration, while the dialog is open."""
        self._playing = [self._fitted(image) for image in images]
        self._shown = 0
        self._next.start(max(LEAST_FRAME_MS, round(1000 * seconds / len(images))))
        self._play()

    def open(self) -> None:
        """Show the dialog with the keyboard on Save, or on what is animated, not on what was set last."""
        super().open()
        (self.save if self.save.isEnabled() else self.subject).setFocus()

    def done(self, result: int) -> None:
        """Stop playing when the dialog closes, and restore the path's settings, which are to be saved."""
        self._next.stop()
        self._put_back()
        super().done(result)

    def _put_back(self) -> None:
        """Select the path again, with its speed and scale, if the epochs stood in for it."""
        if self._of_path is not None:
            fps, scale = self._of_path
            self._of_path = None
            show_choice(self.subject, Subject.PATH)
            self.fps.setValue(fps)
            self.scale.setValue(scale)

    def _play(self) -> None:
        self.preview.setPixmap(self._playing[self._shown % len(self._playing)])
        self._shown += 1

    def _fitted(self, image: QImage) -> QPixmap:
        ratio = self.devicePixelRatioF()
        room = self.preview.size() * ratio
        if image.width() > room.width() or image.height() > room.height():
            image = image.scaled(
                room, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
            )
        pixmap = QPixmap.fromImage(image)
        pixmap.setDevicePixelRatio(ratio)
        return pixmap

    def set_size(self, width_px: int, height_px: int) -> None:
        """Show how large a frame will be, and how long the animation will last; or why it cannot be made."""
        film = self.film()
        reason = why_too_large(film.format, width_px, height_px)
        no_path = film.subject is Subject.PATH and not self._has_path
        set_usable(self.save, NO_PATH if no_path else reason)
        if no_path:
            self.facts.setText(NO_PATH)
            self.cost.hide()
            return
        if reason:
            fitting = largest_scale(film.format, *self.picture_px(), film.scale)
            fits = "choose another format" if fitting is None else f"scale {fitting} × fits"
            self.facts.setText(f"{reason}; {fits}.")
            return
        fps = real_fps(film.format, film.fps)
        count = film.frame_count if film.subject is Subject.PATH else self.frames_of_epochs()
        text = f"{width_px} × {height_px} px, {count} frames, {count / fps:.1f} s"
        if abs(fps - film.fps) > 0.005 * film.fps:
            tick_ms = LIMITS[film.format].tick_ms
            text += f". {film.format.value} rounds frame times to {tick_ms} ms: {fps:.3g} frames per second."
        self.facts.setText(text)

    def set_cost(self, cost: Cost) -> None:
        """Show how long decoding the pictures takes, if it takes long."""
        self.cost.setText(f"Still to decode: {cost.in_words()}.")
        self.cost.setVisible(cost.seconds > ASK_FROM_S)

    def frames_of_epochs(self) -> int:
        """Return the number of frames of an animation over the epochs."""
        return len(epoch_order(self._epochs, self.ping_pong.isChecked()))

    def picture_px(self) -> tuple[int, int]:
        """Return width and height of a frame at scale 1: a picture, a grid, or a picture beside the plane."""
        film, (width, height) = self.film(), self._image_px
        if film.with_plane:
            across, upward = max(1.0, film.plane_aspect), max(1.0, 1 / film.plane_aspect)
            side = max(width, height)
            return (width if film.with_picture else 0) + round(side * across), round(side * upward)
        side = GRID_SIDE if film.subject is Subject.GRID_EPOCHS else 1
        return width * side, height * side

    def frame_px(self) -> tuple[int, int]:
        """Return width and height of a frame with the current settings, without its caption."""
        return film_px(self.film(), self._image_px)

    def _on_subject(self) -> None:
        """Set speed and scale for the subject: epochs are few and play slowly; grids are already large."""
        self.fps.setValue(PATH_FPS if self.film().subject is Subject.PATH else EPOCHS_FPS)
        self._fit_scale()

    def _on_chosen(self) -> None:
        """Keep the subject that a person chose, even if a path is made later."""
        self._of_path = None

    def _fit_scale(self) -> None:
        """Set a scale that suits the content of the frames."""
        film = self.film()
        side = max(self._image_px)
        most = SAVED_SIDE_PX
        if film.with_plane:
            most = SAVED_BESIDE_PX if film.with_picture else SAVED_PLANE_PX
        if film.subject is Subject.GRID_EPOCHS:
            side, most = side * GRID_SIDE, SAVED_PLANE_PX
        self.scale.setValue(max(1, most // side))
        self._on_changed()

    def _on_changed(self) -> None:
        for index, kind in enumerate(Format):
            set_choice_usable(self.format, index, why_not(kind))
        film = self.film()
        over_epochs = film.subject is not Subject.PATH
        set_usable(self.frames, "Each epoch is a frame." if over_epochs else "")
        is_grid = film.subject is Subject.GRID_EPOCHS
        set_usable(self.content, "The frames are manifold grids." if is_grid else "")
        set_usable(self.captions[Caption.EPOCH], "" if self._epochs else NO_EPOCHS)
        has_z = not is_grid and (film.with_picture or not over_epochs)
        set_usable(self.captions[Caption.Z], "" if has_z else "These frames do not show a single z.")
        self.changed.emit()

    def _accept(self) -> None:
        film = self.film()  # before the settings of the path are restored
        self.accept()
        self.wanted.emit(film)

    def _lay_out(self) -> None:
        form = QFormLayout()
        form.addRow("Animate", self.subject)
        form.addRow("Frames show", self.content)
        form.addRow("Format", self.format)
        form.addRow("Scale", self.scale)
        form.addRow("Frames", self.frames)
        form.addRow("Frames per second", self.fps)
        form.addRow("", self.ping_pong)
        captions = QHBoxLayout()
        for box in self.captions.values():
            captions.addWidget(box)
        captions.addStretch(1)
        form.addRow("Captions", captions)
        above = QHBoxLayout()
        above.addWidget(self.preview)
        above.addWidget(Scrolled(form), 1)
        layout = QVBoxLayout(self)
        layout.addLayout(above, 1)
        layout.addWidget(self.facts)
        layout.addWidget(self.cost)
        layout.addWidget(self.buttons)
