"""The labels with their colours; each button shows or hides the points of its label."""

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QFocusEvent, QFontMetrics, QKeyEvent, QMouseEvent, QShowEvent, QWheelEvent
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QStyle,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from desktop.models.point_words import TEST_IMAGES, PointWords
from desktop.widgets.common.colors import label_color, readable_on
from desktop.widgets.common.plain_text import menu_text, tip_text
from desktop.widgets.common.usable import set_usable

MAX_COLUMNS = 5
MOVES = (
    Qt.Key.Key_Left,
    Qt.Key.Key_Right,
    Qt.Key.Key_Up,
    Qt.Key.Key_Down,
    Qt.Key.Key_Home,
    Qt.Key.Key_End,
)
WIDTH_PX, SPACING_PX, PADDING_PX = 270, 4, 14  # within the side panel
# More than MOST_ROWS rows scroll with SHOWN_ROWS of them in view, so that the rest of the panel stays near.
# Half a row shows that there are more.
MOST_ROWS, SHOWN_ROWS = 10, 7.5
GOES_ON_MS = 300  # a wheel that scrolled the panel less than this ago goes on with that


class LabelSwitch(QToolButton):
    """The button of one label; Alt-click, double-click or Return ask to show this label alone."""

    alone_wanted = Signal()
    move_wanted = Signal(int)  # an arrow key, Home or End
    reached = Signal()  # the keyboard focus has reached the button

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Ask for this label alone on Alt-click."""
        if (
            event.button() == Qt.MouseButton.LeftButton
            and event.modifiers() & Qt.KeyboardModifier.AltModifier
        ):
            self.alone_wanted.emit()
        else:
            super().mousePressEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Ask for this label alone."""
        if event.button() == Qt.MouseButton.LeftButton:
            self.alone_wanted.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Ask for this label alone on Return, and for another label on an arrow; Space shows or hides it."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.alone_wanted.emit()
        elif event.key() in MOVES:
            self.move_wanted.emit(event.key())
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Emit `reached` if the focus came by Tab, also by `setFocus` for arrow keys."""
        super().focusInEvent(event)
        if event.reason() in (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason):
            self.reached.emit()


class _Rows(QScrollArea):
    """The rows of buttons, as high as they are; more than MOST_ROWS scroll.

    A wheel that began on the panel around them goes on scrolling the panel when the rows come under the
    pointer.
    """

    def __init__(self, inside: QWidget) -> None:
        super().__init__()
        self.rows, self._inside = 0, inside
        self._panel: QScrollArea | None = None
        self._panel_turn = QTimer(self, singleShot=True, interval=GOES_ON_MS)  # runs while the panel scrolls
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.setWidgetResizable(True)
        self.setWidget(inside)

    def sizeHint(self) -> QSize:
        """Return the size of the rows that are shown."""
        hint = self._inside.sizeHint()
        if self.rows > MOST_ROWS:
            hint.setHeight(round((hint.height() + SPACING_PX) / self.rows * SHOWN_ROWS))
        return hint

    def minimumSizeHint(self) -> QSize:
        """Return the same height and no width, because the panel sets it."""
        return QSize(0, self.sizeHint().height())

    def showEvent(self, event: QShowEvent) -> None:
        """Find the panel around the rows, to notice when it scrolls."""
        super().showEvent(event)
        above = self.parentWidget()
        while above is not None and not isinstance(above, QScrollArea):
            above = above.parentWidget()
        if above is not None and above is not self._panel:
            self._panel = above
            above.verticalScrollBar().valueChanged.connect(self._on_panel_scrolled)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Scroll the rows, or leave a wheel to the panel that it already scrolls."""
        if self._panel_turn.isActive():
            self._panel_turn.start()  # also at the panel's end
            event.ignore()
        else:
            super().wheelEvent(event)

    def _on_panel_scrolled(self) -> None:
        self._panel_turn.start()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Adapt the height when that of the buttons changes."""
        if event.type() == QEvent.Type.LayoutRequest:
            self.updateGeometry()
        return super().eventFilter(watched, event)


class Legend(QWidget):
    """One button per label, and two buttons for all and none; emits signals for what to show."""

    GESTURES = (
        ("Click, Space", "Show or hide the points of a label"),
        ("Double-click, Alt-click, Return", "Show only the points of this label, or all again"),
        ("Arrow keys, Home, End", "Go to another label"),
    )
    switched = Signal(int)
    hidden_wanted = Signal(object)  # frozenset of labels

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Labels")
        inside = QWidget()
        self._grid = QGridLayout(inside)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(SPACING_PX)
        self._rows = _Rows(inside)
        self._buttons: list[LabelSwitch] = []
        self._names: tuple[str, ...] = ()
        self._hidden: frozenset[int] = frozenset()
        self._words = TEST_IMAGES
        self._counts: Sequence[int] = ()
        self.all, self.none = _small_button("All"), _small_button("None")
        self.all.setToolTip("Show the points of all labels.")
        self.none.setToolTip("Hide the points of all labels.")
        self.all.clicked.connect(lambda: self.hidden_wanted.emit(frozenset()))
        self.none.clicked.connect(lambda: self.hidden_wanted.emit(self._every))
        self.ends = QWidget()
        ends = QHBoxLayout(self.ends)
        ends.setContentsMargins(0, 0, 0, 0)
        ends.addWidget(self.all)
        ends.addWidget(self.none)
        ends.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self._rows)
        layout.addWidget(self.ends)
        self.ends.hide()

    def set_labels(self, names: tuple[str, ...]) -> None:
        """Show a button for every label; those of the same labels stay, as when a bundle grows."""
        if names and names == self._names:
            return
        for button in self._buttons:
            self._grid.removeWidget(button)
            button.deleteLater()
        self._names = names
        self._hidden = frozenset()
        columns = self._columns()
        self._rows.rows = -(-len(names) // columns)
        self._rows.setVisible(bool(names))
        self._buttons = [self._button(label, name) for label, name in enumerate(names)]
        for column in range(MAX_COLUMNS):
            self._grid.setColumnStretch(column, int(column < columns))
        for label, button in enumerate(self._buttons):
            self._grid.addWidget(button, label // columns, label % columns)
        self._enter_at(0)
        self.ends.setVisible(bool(names))
        self.set_counts(())
        self.set_hidden(frozenset())

    def set_words(self, words: PointWords) -> None:
        """Set the words that name the points."""
        self._words = words
        self.set_counts(self._counts)

    def set_counts(self, counts: Sequence[int]) -> None:
        """Say in the tool tips how many points each label has; labels beyond the list have none."""
        self._counts, bare = counts, self._words.bare
        for label, (button, name) in enumerate(zip(self._buttons, self._names, strict=True)):
            count = f"{counts[label] if label < len(counts) else 0:,} " if counts else ""
            button.setToolTip(
                tip_text(
                    f"{count}{bare} labelled {name}\n"
                    "Click to show or hide them. Double-click, Alt-click or press Return to show only them."
                )
            )
            button.setAccessibleDescription(f"{count}{bare}")

    def set_hidden(self, hidden: frozenset[int]) -> None:
        """Show which labels are hidden."""
        self._hidden = hidden
        for label, button in enumerate(self._buttons):
            button.setChecked(label not in hidden)
        set_usable(self.all, "" if hidden & self._every else "All labels are shown.")
        set_usable(self.none, "All labels are hidden." if hidden >= self._every else "")

    def _enter_at(self, label: int) -> None:
        """Let Tab stop at one label only, because there may be a hundred; arrow keys reach the others."""
        for other, button in enumerate(self._buttons):
            is_stop = other == label
            button.setFocusPolicy(Qt.FocusPolicy.StrongFocus if is_stop else Qt.FocusPolicy.ClickFocus)

    def _go_from(self, label: int, key: int) -> None:
        """Move the focus to the label that a key leads to."""
        last, columns = len(self._buttons) - 1, self._columns()
        step = {
            Qt.Key.Key_Left: -1,
            Qt.Key.Key_Right: 1,
            Qt.Key.Key_Up: -columns,
            Qt.Key.Key_Down: columns,
            Qt.Key.Key_Home: -label,
            Qt.Key.Key_End: last - label,
        }[Qt.Key(key)]
        if 0 <= label + step <= last:
            self._enter_at(label + step)
            self._buttons[label + step].setFocus(Qt.FocusReason.TabFocusReason)

    def _scroll_to(self, button: LabelSwitch) -> None:
        """Scroll the legend, and everything around it, so that a label is in view."""
        above = button.parentWidget()
        while above is not None:
            if isinstance(above, QScrollArea):
                above.ensureWidgetVisible(button, 0, SPACING_PX)
            above = above.parentWidget()

    def _columns(self) -> int:
        """Return how many columns fit with the longest name."""
        longest = max((self._metrics().horizontalAdvance(name) for name in self._names), default=0)
        return max(
            1, min(MAX_COLUMNS, (self._width_px() + SPACING_PX) // (longest + PADDING_PX + SPACING_PX))
        )

    def _width_px(self) -> int:
        """Return the width for the buttons, minus the scroll bar if so many labels may need one."""
        can_scroll = len(self._names) > MOST_ROWS
        bar_px = self.style().pixelMetric(QStyle.PixelMetric.PM_ScrollBarExtent, None, self._rows)
        return WIDTH_PX - bar_px if can_scroll else WIDTH_PX

    def _metrics(self) -> QFontMetrics:
        font = self.font()
        font.setBold(True)
        return QFontMetrics(font)

    def _elided(self, name: str) -> str:
        """Return a name that fits into the panel."""
        return self._metrics().elidedText(name, Qt.TextElideMode.ElideMiddle, self._width_px() - PADDING_PX)

    @property
    def _every(self) -> frozenset[int]:
        return frozenset(range(len(self._names)))

    def _want_alone(self, label: int) -> None:
        """Ask for one label alone, or for all labels if it is already alone."""
        others = self._every - {label}
        self.hidden_wanted.emit(frozenset() if self._hidden == others else others)

    def _button(self, label: int, name: str) -> LabelSwitch:
        button = LabelSwitch()
        button.setMinimumWidth(20)
        button.setText(menu_text(self._elided(name)))
        button.setCheckable(True)
        button.setChecked(True)
        button.setAccessibleName(f"Points labelled {name}")
        button.setSizePolicy(
            button.sizePolicy().horizontalPolicy().Expanding, button.sizePolicy().verticalPolicy()
        )
        color = label_color(label)
        button.setStyleSheet(
            f"QToolButton {{ border: 2px solid {color.name()}; border-radius: 6px; padding: 3px; }}"
            f"QToolButton:checked {{ background: {color.name()}; "
            f"color: {readable_on(color)}; font-weight: bold; }}"
            "QToolButton:focus { border-color: palette(text); }"
        )
        button.clicked.connect(lambda: self.switched.emit(label))
        button.reached.connect(lambda: self._scroll_to(button))
        button.move_wanted.connect(lambda key: self._go_from(label, key))
        button.alone_wanted.connect(lambda: self._want_alone(label))
        return button


def _small_button(text: str) -> QPushButton:
    button = QPushButton(text)
    button.setFlat(True)
    width = button.fontMetrics().horizontalAdvance(text)
    button.setMaximumSize(width + 24, button.fontMetrics().height() + 6)
    return button
