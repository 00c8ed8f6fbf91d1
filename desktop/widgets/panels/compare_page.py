"""The page that compares two models: two planes, their pictures, and the difference of the pictures."""

import re

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QHideEvent,
    QImage,
    QLinearGradient,
    QPainter,
    QPaintEvent,
    QPalette,
    QShowEvent,
)
from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from desktop.base.minus import with_minus
from desktop.images.difference import DARKER, EQUAL, LIGHTER, Difference
from desktop.models.epochs import Epoch
from desktop.widgets.common.icons import line_icon
from desktop.widgets.common.picture_view import PictureView
from desktop.widgets.common.plain_text import ElidedLabel
from desktop.widgets.common.qimage import to_qimage
from desktop.widgets.common.theme import GRID_PX, heading_font
from desktop.widgets.panels.time_bar import EpochSlider
from desktop.widgets.plane.empty_plane import EmptyPlane
from desktop.widgets.plane.plane_view import PlaneView

NOTHING = "Nothing to compare with yet"
CHOOSE = "Choose another epoch of the open model, or another model, below. Both planes share cursor and zoom."
AT_CURSOR = "{} at the cursor"
RECONSTRUCTED = "{}'s reconstruction"
# Wordings for a narrow page, from long to short.
SHORT_AT_CURSOR, SHORT_RECONSTRUCTED = ("{} at cursor", "{}"), ("{}'s recon.", "{} rec.")
SHORT_DIFFERENCE, SHORT_ELBO = ("mean |B − A|", "|B − A|"), ("ELBO, your image", "ELBO")
PAIRED_TIP = (
    "± is the standard error over the test images. It does not judge the difference between\n"
    "A and B: on the same test images their ELBOs rise and fall together, so that the\n"
    "difference is usually more certain than the two errors suggest."
)
OF_ALL = re.compile(r" of \d+(?=:|$)")
PICTURE_PX, LEAST_PICTURE_PX = 170, 64
LEGEND_PX = 10


class ComparedPlane(PlaneView):
    """A plane of one of the two models."""

    GESTURES = ()  # the shortcuts dialog lists the gestures of the window's own plane


class NoSecondModel(EmptyPlane):
    """Covers the second plane until there is a second model."""

    def invite(self) -> None:
        """Say how to choose a second model."""
        self.say(NOTHING, CHOOSE)


class DifferenceLegend(QWidget):
    """The colour legend of the difference picture."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._reach = 1.0
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("Colour legend of the difference")
        self.set_reach(1.0)

    def set_reach(self, reach: float) -> None:
        """Set the difference that the strongest colours stand for."""
        self._reach = reach
        self.setAccessibleDescription(", ".join(self.texts()).replace("\n", " "))
        self.update()

    def texts(self) -> tuple[str, str, str]:
        """Return the texts beside the upper end, the middle and the lower end."""
        return f"+{self._reach:g}\nB lighter", "0", f"A lighter\n−{self._reach:g}"

    def sizeHint(self) -> QSize:
        """Return room for the colours and the widest text."""
        width = LEGEND_PX + GRID_PX // 2 + self.fontMetrics().horizontalAdvance("A lighter")
        return QSize(width, 4 * self.fontMetrics().height())

    def minimumSizeHint(self) -> QSize:
        """Return the preferred size."""
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the colours, and their meaning beside them."""
        painter = QPainter(self)
        colors = QLinearGradient(QPointF(0, 0), QPointF(0, self.height()))
        for place, color in ((0.0, LIGHTER), (0.5, EQUAL), (1.0, DARKER)):
            colors.setColorAt(place, QColor(*color))
        painter.fillRect(QRectF(0, 0, LEGEND_PX, self.height()), colors)
        painter.setPen(self.palette().color(QPalette.ColorRole.WindowText))
        beside = QRectF(self.rect()).adjusted(LEGEND_PX + GRID_PX // 2, 0, 0, 0)
        flag = Qt.AlignmentFlag
        for text, place in zip(
            self.texts(), (flag.AlignTop, flag.AlignVCenter, flag.AlignBottom), strict=True
        ):
            painter.drawText(beside, flag.AlignLeft | place, text)


class ComparePage(QWidget):
    """Shows A on the left and B on the right; emits signals for the changes that people want.

    Attributes:
        left, right: the planes of A and B.
        empty: covers the right plane until there is a B.
        names: the names of A and B.
        close_b: closes B; visible while there is one.
        figures: the epoch and test ELBO of each.
        elbos: the ELBO of your image by each, below the planes.
        epochs: B's epochs, if it has any.
        pictures: the pictures of A and B at the cursor.
        difference: the picture of B minus the picture of A.
        texts: the texts below these three pictures.
        reconstructions: your image as reconstructed by A and B, beside their pictures at the cursor.
        reconstruction_texts: the texts below the reconstructions.
    """

    shown_changed = Signal(bool)  # whether the page is in front
    epoch_wanted = Signal()
    model_wanted = Signal()
    reading_wanted = Signal()
    close_wanted = Signal()
    index_wanted = Signal(int)
    restored = Signal(str)  # the `saved_text` of an earlier start

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._found: Difference | None = None
        self._other_text = ""
        self.left, self.right = ComparedPlane(), ComparedPlane()  # Tab goes through the page in this order
        self.left.setAccessibleName("Latent plane of A")
        self.right.setAccessibleName("Latent plane of B")
        self.empty = NoSecondModel(self.right)
        self.right.resized.connect(self.empty.place)
        self.another_epoch = QPushButton("Another epoch")
        self.another_epoch.setToolTip("Compare with another epoch of the open model.")
        self.another_model = QPushButton("Another model…")
        self.another_model.setToolTip("Choose a bundle or a decoder to compare with.")
        self.reading = QPushButton("How it is read…")
        self.reading.setToolTip("Set how the second model is read.")
        self.reading.hide()
        self.close_b = QToolButton()
        self.close_b.setIcon(line_icon("x"))
        self.close_b.setAccessibleName("Close B")
        self.close_b.setToolTip("Close the second model (Ctrl+W).")
        self.close_b.hide()
        self.epochs = EpochSlider()
        self.epochs.setAccessibleName("Epoch of B")
        self.names = ElidedLabel(), ElidedLabel()
        self.figures = ElidedLabel(), ElidedLabel()
        self.elbos = ElidedLabel(), ElidedLabel()
        self.pictures = PictureView(PICTURE_PX), PictureView(PICTURE_PX)
        self.difference = PictureView(PICTURE_PX)
        self.difference.set_tip(self._tip)
        self.difference_legend = DifferenceLegend()
        room = self.difference_legend.sizePolicy()
        room.setRetainSizeWhenHidden(True)  # so that no picture moves when B is opened
        self.difference_legend.setSizePolicy(room)
        self.texts = ElidedLabel(), ElidedLabel(), ElidedLabel()
        self.reconstructions = PictureView(PICTURE_PX), PictureView(PICTURE_PX)
        self.reconstruction_texts = ElidedLabel(), ElidedLabel()
        self._reconstructed = QWidget(), QWidget()  # unlike a layout, a hidden widget takes no room
        names = *map(AT_CURSOR.format, "AB"), *map(RECONSTRUCTED.format, "AB"), "B minus A"
        for view, name in zip((*self.pictures, *self.reconstructions, self.difference), names, strict=True):
            view.setMinimumSize(LEAST_PICTURE_PX, LEAST_PICTURE_PX)
            view.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
            view.setAccessibleName(name)
        self.another_epoch.clicked.connect(self.epoch_wanted)
        self.another_model.clicked.connect(self.model_wanted)
        self.reading.clicked.connect(self.reading_wanted)
        self.close_b.clicked.connect(self.close_wanted)
        self.epochs.valueChanged.connect(self.index_wanted)
        self._lay_out()
        self.set_epochs(())
        self.set_difference(None)
        for side in (0, 1):
            self.set_reconstruction(side, None)
        self.setFocusProxy(self.left)

    def set_epochs(self, epochs: tuple[Epoch, ...]) -> None:
        """Set B's epochs; with fewer than two the slider is hidden."""
        self.epochs.blockSignals(True)
        self.epochs.set_epochs(epochs)
        self.epochs.blockSignals(False)
        self.epochs.setVisible(len(epochs) > 1)

    def set_index(self, index: int) -> None:
        """Show which epoch B is at."""
        self.epochs.blockSignals(True)
        self.epochs.setValue(index)
        self.epochs.blockSignals(False)

    def set_name(self, side: int, name: str, words: str, elbo: str, is_another: bool = False) -> None:
        """Show the name of A (side 0) or B (side 1), and below it the `words` for its epoch with its ELBO.

        `is_another` says that B is an epoch of another model than A.
        """
        letter = "AB"[side] + (", another model:" if is_another else "")
        self.names[side].show_text(f"{letter}  {name}" if name else letter)
        self.figures[side].show_text(words, elbo, shorter_epoch(words), PAIRED_TIP if "±" in elbo else "")

    def set_elbo(self, side: int, words: str, numbers: str = "") -> None:
        """Show the ELBO of your image by A or B; without `words` the line is hidden."""
        self.elbos[side].show_text(words, numbers, SHORT_ELBO if numbers else ())
        self.elbos[side].setVisible(bool(words))

    def set_picture(self, side: int, image: QImage | None) -> None:
        """Show the picture of A or B at the cursor, below its plane and on it."""
        self.pictures[side].set_image(image)
        if image is None:
            self.texts[side].show_text("")
        else:
            self.texts[side].show_text(*_short("AB"[side], AT_CURSOR, SHORT_AT_CURSOR))
        (self.left, self.right)[side].set_thumbnail(image)

    def set_reconstruction(self, side: int, image: QImage | None, text: str = "") -> None:
        """Show your image as reconstructed by A or B, or a text that says why there is no reconstruction.

        Without image and text, the picture is hidden.
        """
        view, label = self.reconstructions[side], self.reconstruction_texts[side]
        view.set_image(image)
        if image is None:
            label.show_text(text)
        else:
            label.show_text(*_short("AB"[side], RECONSTRUCTED, SHORT_RECONSTRUCTED))
        self._reconstructed[side].setVisible(image is not None or bool(text))

    def set_difference(self, found: Difference | None) -> None:
        """Show the difference of the pictures, or none."""
        self._found = found
        self.difference.set_image(None if found is None else to_qimage(found.picture))
        self.difference_legend.setVisible(found is not None)
        if found is not None:
            self.difference_legend.set_reach(found.reach)

    def set_difference_words(self, words: str, number: str) -> None:
        """Show below the difference picture how large the difference is."""
        self.texts[2].show_text(words, number, SHORT_DIFFERENCE if words else ())

    def set_other(self, text: str) -> None:
        """Set the text that describes B, which is saved between starts."""
        self._other_text = text

    def saved_text(self) -> str:
        """Return the text from `set_other`."""
        return self._other_text

    def restore_text(self, text: str) -> None:
        """Emit the saved text, so that B is opened again."""
        self.restored.emit(text)

    def showEvent(self, event: QShowEvent) -> None:
        """Emit that the page is in front."""
        self.shown_changed.emit(True)

    def hideEvent(self, event: QHideEvent) -> None:
        """Emit that another page is in front."""
        self.shown_changed.emit(False)

    def changeEvent(self, event: QEvent) -> None:
        """Draw the legend's text in the colours of the new theme."""
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "difference_legend"):
            self.difference_legend.update()
        super().changeEvent(event)

    def _tip(self, across: float, down: float) -> str:
        """Return the difference at a position, in words."""
        if self._found is None:
            return ""
        numbers = self._found.numbers
        height, width = numbers.shape
        row, column = min(int(down * height), height - 1), min(int(across * width), width - 1)
        return f"B − A = {with_minus(f'{numbers[row, column]:+z.3f}')}"

    def _lay_out(self) -> None:
        for label in self.names:
            label.setFont(heading_font(self.font()))
        choice = QHBoxLayout()
        choice.setSpacing(GRID_PX)
        for button in (self.another_epoch, self.another_model):
            choice.addWidget(button)
        choice.addStretch(1)
        planes = QGridLayout()
        planes.setHorizontalSpacing(GRID_PX)
        planes.setVerticalSpacing(GRID_PX // 2)
        for column, plane in enumerate((self.left, self.right)):
            about = QVBoxLayout()
            about.setSpacing(0)
            about.addWidget(self.names[column])
            about.addWidget(self.figures[column])
            heading = QHBoxLayout()
            heading.addLayout(about, 1)
            if plane is self.right:
                heading.addWidget(self.close_b, 0, Qt.AlignmentFlag.AlignTop)
            planes.addLayout(heading, 0, column)
            planes.addWidget(plane, 1, column)
            planes.addWidget(self.elbos[column], 2, column)
            planes.setColumnStretch(column, 1)
        planes.addLayout(choice, 3, 0)
        planes.addWidget(self.epochs, 3, 1)
        planes.addWidget(self.reading, 3, 1, Qt.AlignmentFlag.AlignLeft)  # a bare model has no epochs
        planes.setRowStretch(1, 1)
        pictures = QHBoxLayout()
        pictures.setSpacing(GRID_PX)
        for side in (0, 1):
            pictures.addLayout(_column(self.pictures[side], self.texts[side]), 3)
            beside = _column(self.reconstructions[side], self.reconstruction_texts[side])
            beside.setContentsMargins(0, 0, 0, 0)
            self._reconstructed[side].setLayout(beside)
            pictures.addWidget(self._reconstructed[side], 3)
        with_legend = QHBoxLayout()
        with_legend.setSpacing(GRID_PX)
        with_legend.addWidget(self.difference, 1)
        with_legend.addWidget(self.difference_legend)
        pictures.addLayout(_column(with_legend, self.texts[2]), 4)  # this column also holds the legend
        layout = QVBoxLayout(self)
        layout.setContentsMargins(GRID_PX, GRID_PX, GRID_PX, GRID_PX // 2)
        layout.setSpacing(GRID_PX)
        layout.addLayout(planes, 3)
        layout.addLayout(pictures, 1)


def shorter_epoch(words: str) -> tuple[str, str, str]:
    """Return shorter wordings of an epoch and its ELBO, for a narrow page.

    >>> shorter_epoch("epoch 20 of 40: test ELBO")
    ('epoch 20: test ELBO', 'epoch 20: ELBO', 'epoch 20:')
    """
    short = OF_ALL.sub("", words)
    shorter = short.replace("test ELBO", "ELBO")
    return short, shorter, shorter.replace(": ELBO", ":")


def _short(letter: str, text: str, shorter: tuple[str, ...]) -> tuple[str, str, list[str]]:
    """Return a text about A or B, no text to keep after it, and its shorter wordings."""
    return text.format(letter), "", [words.format(letter) for words in shorter]


def _column(picture: PictureView | QHBoxLayout, text: ElidedLabel) -> QVBoxLayout:
    """Return a picture above its text."""
    column = QVBoxLayout()
    column.setSpacing(GRID_PX // 2)
    if isinstance(picture, PictureView):
        column.addWidget(picture, 1)
    else:
        column.addLayout(picture, 1)
    column.addWidget(text)
    return column
