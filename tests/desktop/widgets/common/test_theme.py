"""Both themes are readable, and all windows follow the one that is chosen."""

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import (
    QApplication,
    QCheckBox,
    QDialogButtonBox,
    QGroupBox,
    QLabel,
    QProxyStyle,
    QScrollBar,
    QSpinBox,
    QSplitter,
    QStyle,
    QWidget,
)

from desktop.widgets.common.buttons import push_button
from desktop.widgets.common.colors import contrast
from desktop.widgets.common.theme import DARK, LIGHT, MARKS, ThemeName, apply_theme, theme_of, theme_palette
from desktop.widgets.panels.time_bar import EpochSlider

TEXT_CONTRAST, MARK_CONTRAST = 4.5, 3.0  # WCAG 2.2, level AA: text, and marks that show a state
THEMES = pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])


@THEMES
def test_text_is_readable_on_each_of_its_grounds(theme):
    """Text and explanations have a contrast of at least 4.5 to every ground on which they stand."""
    grounds = {name: getattr(theme, name) for name in ("window", "field", "button", "hovered", "tip")}
    too_low = {
        (text, name): contrast(QColor(getattr(theme, text)), QColor(ground))
        for text in ("text", "muted", "error")
        for name, ground in grounds.items()
        if contrast(QColor(getattr(theme, text)), QColor(ground)) < TEXT_CONTRAST
    }
    assert not too_low
    assert contrast(QColor(theme.on_accent), QColor(theme.accent)) >= TEXT_CONTRAST


@THEMES
def test_focus_and_choice_are_seen(theme):
    """The accent, which frames the focus, has a contrast of at least 3 to its surroundings."""
    for ground in (theme.window, theme.field, theme.button):
        assert contrast(QColor(theme.accent), QColor(ground)) >= MARK_CONTRAST
    # An unchecked check box is visible only by its frame.
    assert contrast(QColor(theme.muted), QColor(theme.window)) >= MARK_CONTRAST


@THEMES
def test_a_palette_is_readable_in_every_pair_of_roles(theme):
    """Each pair of text and ground that Qt draws is readable, disabled ones included."""
    role, palette = QPalette.ColorRole, theme_palette(theme)
    for group in (QPalette.ColorGroup.Active, QPalette.ColorGroup.Inactive, QPalette.ColorGroup.Disabled):
        for text, ground in (
            (role.WindowText, role.Window),
            (role.Text, role.Base),
            (role.ButtonText, role.Button),
            (role.ToolTipText, role.ToolTipBase),
            (role.Link, role.Window),
        ):
            assert contrast(palette.color(group, text), palette.color(group, ground)) >= TEXT_CONTRAST


@THEMES
def test_a_theme_has_its_marks(theme):
    """The files of the marks that the style sheet names exist."""
    assert all((MARKS / f"{mark}-{theme.name}.svg").is_file() for mark in ("check", "down", "up", "grip"))


def test_a_widget_that_is_open_follows(themed, qtbot):
    """An open check box is dark in the dark theme and light in the light one."""
    box = QCheckBox("Decoded plane")
    qtbot.addWidget(box)
    box.resize(200, 40)
    box.show()
    grounds = []
    for theme in (DARK, LIGHT):
        apply_theme(theme, themed)
        grounds.append(box.grab().toImage().pixelColor(190, 35).name())
    assert grounds == [DARK.window, LIGHT.window]


@THEMES
def test_what_is_dragged_is_seen(theme, themed, qtbot):
    """The handles of a scroll bar and of a splitter have a contrast of at least 3 to their ground."""
    apply_theme(theme, themed)
    assert contrast(QColor(theme.handle), QColor(theme.field)) >= MARK_CONTRAST, "of lists"
    bar, splitter = QScrollBar(Qt.Orientation.Vertical), QSplitter(Qt.Orientation.Horizontal)
    bar.setRange(0, 100)
    bar.setPageStep(100)
    for _ in range(2):
        splitter.addWidget(QWidget())
    splitter.setHandleWidth(5)
    for widget, place in ((bar, QPoint(6, 30)), (splitter, None)):
        qtbot.addWidget(widget)
        widget.resize(12 if widget is bar else 200, 100)
        widget.show()
        spot = place or splitter.handle(1).geometry().center()
        handle = widget.grab().toImage().pixelColor(spot)
        assert contrast(handle, QColor(theme.window)) >= MARK_CONTRAST


@THEMES
def test_the_handle_of_a_slider_is_seen(theme, themed, qtbot):
    """It has a contrast of at least 3 to the window, whether the slider can be used or not."""
    apply_theme(theme, themed)
    for is_enabled in (True, False):
        slider = EpochSlider()
        slider.setRange(0, 10)
        slider.setValue(5)
        slider.setEnabled(is_enabled)
        qtbot.addWidget(slider)
        slider.resize(200, 50)
        slider.show()
        picture = slider.grab().toImage()
        handle = picture.pixelColor(round(slider.x_of(5)), slider.height() // 2 + 4)
        assert contrast(handle, QColor(theme.window)) >= MARK_CONTRAST


class _WithIcons(QProxyStyle):
    """Adds icons to dialog buttons, as some desktops' styles do; these are black in a dark window."""

    def styleHint(self, hint, *rest):  # noqa: N802 (Qt's name)
        icons = QStyle.StyleHint.SH_DialogButtonBox_ButtonsHaveIcons
        return 1 if hint == icons else super().styleHint(hint, *rest)


def test_buttons_of_dialogs_have_no_icons_of_the_desktop(themed, qtbot):
    """The buttons look the same on every desktop, and no icon is dark on dark."""
    apply_theme(DARK, themed)
    themed.setStyle(_WithIcons("Fusion"))
    buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
    qtbot.addWidget(buttons)
    assert buttons.button(QDialogButtonBox.StandardButton.Close).icon().isNull()


def test_the_system_decides_until_a_person_does(themed):
    """A system without a preference gets the light theme."""
    hints = QApplication.styleHints()
    expected = DARK if hints.colorScheme() == Qt.ColorScheme.Dark else LIGHT
    assert theme_of(ThemeName.SYSTEM, themed) is expected
    assert theme_of(ThemeName.DARK, themed) is DARK
    assert theme_of(ThemeName.LIGHT, themed) is LIGHT


def test_number_boxes_show_their_text(themed, qtbot):
    """The text gets most of a number box's width, with or without buttons."""
    apply_theme(DARK, themed)
    for symbols in (QSpinBox.ButtonSymbols.NoButtons, QSpinBox.ButtonSymbols.UpDownArrows):
        box = QSpinBox()
        box.setButtonSymbols(symbols)
        box.setFixedWidth(60)
        qtbot.addWidget(box)
        box.show()
        assert box.lineEdit().width() > 40


def ink_columns(widget, pixels):
    """The columns of a widget's picture that differ from its ground."""
    picture = pixels(widget.grab().toImage())[4:-4, 4:-4, :3].astype(int)  # without the frame
    return np.flatnonzero((np.abs(picture - picture[0, 0]).max(axis=-1) > 60).any(axis=0))


def test_an_icon_keeps_its_distance_from_the_text(themed, qtbot, pixels):
    """The distance on a button such as Play is more than 3 pixels."""
    apply_theme(DARK, themed)
    button = push_button("HH", "", icon="play")
    qtbot.addWidget(button)
    assert np.diff(ink_columns(button, pixels)).max() > 5


def test_the_title_of_a_group_begins_where_its_neighbours_do(themed, qtbot, pixels):
    """A title such as Layers is aligned with the check boxes below it."""
    apply_theme(DARK, themed)
    window = QWidget()
    qtbot.addWidget(window)
    window.resize(100, 60)
    group, label = QGroupBox("H", window), QLabel("H", window)
    group.setGeometry(0, 0, 100, 40)
    label.setGeometry(0, 40, 100, 20)
    label.setStyleSheet("font-weight: 600")
    picture = pixels(window.grab().toImage())[..., :3].astype(int)
    is_ink = np.abs(picture - picture[-1, -1]).max(axis=-1) > 60
    title, text = (np.flatnonzero(is_ink[rows].any(axis=0))[0] for rows in (slice(0, 24), slice(40, 60)))
    assert abs(title - text) <= 1
