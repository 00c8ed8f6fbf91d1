"""The panel of the picture at the cursor: how it is drawn, and its z."""

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QFocusEvent, QImage, QKeyEvent
from PySide6.QtWidgets import (
    QComboBox,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from desktop.latent.likelihood import Likelihood
from desktop.latent.plane import MOST_TYPED, decimals_in, format_z, parse_z
from desktop.view.state import PictureMode, ViewState
from desktop.widgets.common.choices import add_choices, show_choice
from desktop.widgets.common.error_label import ErrorLabel
from desktop.widgets.common.picture_view import PictureView
from desktop.widgets.common.usable import set_choice_usable, set_usable

PICTURE_PX = 236
DECODED = "Decoded picture"
# The time for which z waits for its picture, so that both are painted together.
TOGETHER_MS = 6
MODES = "Show the probabilities, threshold them at 0.5, or draw a Bernoulli sample."
SAMPLES = "Show the mean of the pixels' distribution, or a sample of it ({} likelihood)."
Z = "Type or paste the cursor's z, and press Return to move there."
LONG_Z = (
    f"The first numbers of the cursor's z. A z of more than {MOST_TYPED:,} numbers cannot be typed: save it "
    "as a NumPy file and open that."
)
NOT_AT_CURSOR = (
    "The reconstruction of your image is shown. Move the cursor, or go to the encoder's mean, to use the "
    "picture there."
)
NO_MODES = "This model gives pictures, not the probabilities of black and white pixels."


WHY_NOT = {
    PictureMode.THRESHOLDED: "Only the probabilities of black and white pixels can be thresholded.",
    PictureMode.SAMPLE: "The model declares no likelihood to draw a sample from.",
}


class PicturePanel(QWidget):
    """Shows the cursor's z and how the picture is drawn; emits signals for what the person wants.

    Attributes:
        picture: the decoded picture, which the side panel shows above this panel.
    """

    z_typed = Signal(object)
    mode_wanted = Signal(object)
    put_aside = Signal(object)  # the QImage at the cursor while a reconstruction replaces it, or None
    copy_wanted = Signal()
    save_wanted = Signal()
    left = Signal()  # Esc in the line of z: the plane gets the focus back
    escaped = Signal()  # the same, if Esc had no typed text to undo

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._state: ViewState | None = None
        self._decoded: QImage | None = None
        self._reconstruction: QImage | None = None
        self.picture = PictureView(PICTURE_PX)
        self.picture.setAccessibleName(DECODED)
        self.mode = QComboBox()
        add_choices(self.mode, PictureMode)
        self.mode.setAccessibleName("Picture mode")
        self.set_modes(frozenset(PictureMode), None)
        self.copy = QPushButton("Copy")
        self.copy.setToolTip("Copy the picture with a note of how it was made.")
        self.save = QPushButton("Save…")
        self.save.setToolTip("Save the picture as a PNG that this program can open again.")
        self.z = QLineEdit()
        self.z.setAccessibleName("z")
        self.z.installEventFilter(self)
        self.z_error = ErrorLabel()
        self.z_error.hide()
        self.set_latent_dim(2)
        self._together = QTimer(
            self, singleShot=True, interval=TOGETHER_MS, timerType=Qt.TimerType.PreciseTimer
        )
        self._together.timeout.connect(self._paint_z)

        self.mode.activated.connect(lambda: self.mode_wanted.emit(PictureMode(self.mode.currentData())))
        self.copy.clicked.connect(self.copy_wanted)
        self.save.clicked.connect(self.save_wanted)
        self.z.returnPressed.connect(self._z_entered)
        self.z.textEdited.connect(self.z_error.hide)

        above = QHBoxLayout()
        above.addWidget(self.mode, 1)
        above.addWidget(self.copy)
        above.addWidget(self.save)
        z_row = QFormLayout()
        z_row.addRow("z", self.z)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(above)
        layout.addLayout(z_row)
        layout.addWidget(self.z_error)

    def set_latent_dim(self, latent_dim: int) -> None:
        """Set how many numbers z has."""
        self._latent_dim = latent_dim
        is_long = latent_dim > MOST_TYPED
        self.z.setReadOnly(is_long)
        self.z.setToolTip(LONG_Z if is_long else Z)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Undo typing and leave for the plane on Esc; show the start of z when the line loses the focus."""
        if watched is self.z and isinstance(event, QFocusEvent) and _is_left(event):
            self.z.home(False)
        if watched is self.z and isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape:
            if event.type() == QEvent.Type.ShortcutOverride:
                event.accept()
                return True
            if event.type() == QEvent.Type.KeyPress:
                was_typed = self.z.isModified()
                self.z.setModified(False)
                if self._state is not None:
                    self.set_state(self._state)
                self.left.emit()
                if not was_typed:
                    self.escaped.emit()
                return True
        return super().eventFilter(watched, event)

    def set_modes(self, modes: frozenset[PictureMode], likelihood: Likelihood | None) -> None:
        """Set the modes that the model allows; if none is chosen, pictures are shown as they are."""
        self._modes = modes
        are_probabilities = PictureMode.THRESHOLDED in modes
        name = PictureMode.PROBABILITIES.value if are_probabilities else "Picture"
        for index in range(self.mode.count()):
            mode = PictureMode(self.mode.itemData(index))
            if mode is PictureMode.PROBABILITIES:
                self.mode.setItemText(index, name)
            set_choice_usable(self.mode, index, "" if mode in modes else WHY_NOT.get(mode, NO_MODES))
        samples = NO_MODES if likelihood is None else SAMPLES.format(likelihood.family.words)
        self.mode.setToolTip(MODES if are_probabilities else samples)
        if PictureMode(self.mode.currentData()) not in modes:
            show_choice(self.mode, PictureMode.PROBABILITIES)

    def show_picture(self, image: QImage) -> None:
        """Show the decoded picture, together with its z, unless a reconstruction is shown in its place."""
        self._decoded = image
        if self._reconstruction is None:
            self.picture.set_image(image)
        else:
            self.put_aside.emit(image)
        if self._together.isActive():
            self._paint_z()

    @property
    def is_at_cursor(self) -> bool:
        """Whether the picture at the cursor is shown, and no reconstruction in its place."""
        return self._reconstruction is None

    def show_reconstruction(self, image: QImage | None) -> None:
        """Show your image's reconstruction in place of the picture at the cursor; None ends this."""
        if image is self._reconstruction:
            return
        self._reconstruction = image
        self.picture.set_image(self._decoded if image is None else image)
        self.picture.setAccessibleName(DECODED if image is None else "Reconstruction")
        for button in (self.copy, self.save):
            set_usable(button, "" if image is None else NOT_AT_CURSOR)
        self.put_aside.emit(None if image is None else self._decoded)

    def set_state(self, state: ViewState) -> None:
        """Show a state."""
        self._state = state
        text = format_z(state.z, decimals=decimals_in(state.viewport.span))
        if text != self.z.text() and not (self.z.hasFocus() and self.z.isModified()):
            self.z.setUpdatesEnabled(False)
            self._together.start()
            self.z.setText(text)
            self.z.setCursorPosition(0)
            self.z_error.hide()
        mode = state.picture_mode
        show_choice(self.mode, mode if mode in self._modes else PictureMode.PROBABILITIES)

    def _paint_z(self) -> None:
        self._together.stop()
        self.z.setUpdatesEnabled(True)

    def _z_entered(self) -> None:
        if not self.z.isModified():  # nobody typed, and the text is rounded
            return
        try:
            z = parse_z(self.z.text(), self._latent_dim)
        except ValueError as error:
            self.z_error.setText(str(error))
            self.z_error.show()
            return
        self.z.setText(self.z.text())  # so that Ctrl+Z takes back the move, not the typing
        self.z_error.hide()
        self.z_typed.emit(z)


def _is_left(event: QFocusEvent) -> bool:
    """Whether a line loses the focus, other than to its own context menu."""
    return event.lostFocus() and event.reason() != Qt.FocusReason.PopupFocusReason
