"""The window's looks: colours for light and dark, one style sheet, and the scale of its text."""

from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFont, QPalette
from PySide6.QtWidgets import QApplication

MARKS = Path(__file__).with_name("marks")  # ticks, carets and grips, because a style sheet takes only files
GRID_PX = 8  # distances in the window are multiples of it, or half of it


class ThemeName(StrEnum):
    """Which theme a person chose; the values are the names in the window."""

    SYSTEM = "Like the system"
    LIGHT = "Light"
    DARK = "Dark"


@dataclass(frozen=True)
class Theme:
    """The colours of a theme. A test checks the contrast of each kind of text on its ground.

    Attributes:
        name: part of the file names of the marks: ticks, carets and grips.
        window: behind everything.
        field: inputs and lists.
        button: buttons at rest.
        hovered: a button or an entry under the pointer.
        border: lines round inputs and between parts.
        handle: the handles of scroll bars and splitters.
        text: normal text.
        muted: explanations and disabled inputs.
        accent: selected things, and the focus frame.
        on_accent: text on `accent`.
        tip: the ground of tool tips, whose text is `text`.
        error: text that says what is wrong with an input.
    """

    name: str
    window: str
    field: str
    button: str
    hovered: str
    border: str
    handle: str
    text: str
    muted: str
    accent: str
    on_accent: str
    tip: str
    error: str


LIGHT = Theme(
    name="light",
    window="#f5f6f8",
    field="#ffffff",
    button="#ffffff",
    hovered="#e6ebf3",
    border="#c2c9d4",
    handle="#7f8896",
    text="#1a1e26",
    muted="#596273",
    accent="#1a5fd0",
    on_accent="#ffffff",
    tip="#ffffff",
    error="#b3261e",
)
DARK = Theme(
    name="dark",
    window="#171b22",
    field="#0f1218",
    button="#252b36",
    hovered="#323a49",
    border="#3b4453",
    handle="#6b7687",
    text="#e7eaf0",
    muted="#a0a9b8",
    accent="#6aa8ff",
    on_accent="#0c1422",
    tip="#2a313d",
    error="#ff8a80",
)

# Qt lays out the text to the right of left-hand buttons, so a number box without buttons (2 is NoButtons)
# has them on its left, with no width.
STYLE = "fusion"  # the only style that uses the palette for every widget
STYLE_SHEET = """
QToolTip {{ color: {text}; background: {tip}; border: 1px solid {border}; padding: 4px 6px; }}
QPushButton {{ color: {text}; background: {button}; border: 1px solid {border}; border-radius: 6px;
    padding: 4px 10px; min-height: 16px; }}
QPushButton:hover, QToolButton:hover {{ background: {hovered}; }}
QPushButton:pressed, QPushButton:checked {{ background: {accent}; color: {on_accent};
    border-color: {accent}; }}
QPushButton:disabled {{ color: {muted}; background: {window}; }}
QPushButton:focus {{ border: 2px solid {accent}; padding: 3px 9px; }}
QPushButton:flat {{ background: transparent; border: 1px solid transparent; }}
QToolButton {{ color: {text}; background: {button}; border: 1px solid {border}; border-radius: 6px;
    padding: 3px 6px; }}
QToolButton:checked {{ background: {accent}; color: {on_accent}; border-color: {accent}; }}
QToolButton:focus {{ border-color: {accent}; }}
QToolButton:disabled {{ color: {muted}; background: {window}; }}
QLineEdit, QAbstractSpinBox, QComboBox {{ color: {text}; background: {field}; border: 1px solid {border};
    border-radius: 6px; padding: 3px 6px; min-height: 18px; selection-background-color: {accent};
    selection-color: {on_accent}; }}
QLineEdit:focus, QAbstractSpinBox:focus, QComboBox:focus {{ border-color: {accent}; }}
QLineEdit:disabled, QAbstractSpinBox:disabled, QComboBox:disabled {{ color: {muted}; background: {window}; }}
QComboBox::drop-down {{ border: none; width: 20px; }}
QComboBox::down-arrow, QAbstractSpinBox::down-arrow {{ image: url("{marks}/down-{name}.svg"); width: 12px;
    height: 12px; }}
QAbstractSpinBox::up-arrow {{ image: url("{marks}/up-{name}.svg"); width: 12px; height: 12px; }}
QAbstractSpinBox::up-button, QAbstractSpinBox::down-button {{ border: none; background: transparent;
    width: 16px; }}
QAbstractSpinBox[buttonSymbols="2"]::up-button, QAbstractSpinBox[buttonSymbols="2"]::down-button {{ width: 0;
    subcontrol-position: left; }}
QCheckBox::indicator, QGroupBox::indicator {{ width: 14px; height: 14px; border: 1px solid {muted};
    border-radius: 4px; background: {field}; }}
QCheckBox::indicator:checked, QGroupBox::indicator:checked {{ background: {accent}; border-color: {accent};
    image: url("{marks}/check-{name}.svg"); }}
QCheckBox::indicator:disabled {{ border-color: {border}; background: {window}; }}
QCheckBox::indicator:checked:disabled {{ background: {border}; }}
QCheckBox:disabled {{ color: {muted}; }}
QCheckBox:focus {{ color: {accent}; }}
QTabWidget::pane {{ border: none; }}
QTabBar {{ qproperty-drawBase: 0; background: {window}; }}
QTabBar::tab {{ color: {muted}; background: transparent; border: none; border-bottom: 2px solid transparent;
    padding: 6px 12px 5px 12px; }}
QTabBar::tab:hover {{ color: {text}; }}
QTabBar::tab:selected {{ color: {text}; border-bottom-color: {accent}; }}
QTabBar::tab:focus {{ color: {text}; background: {hovered}; }}
QMenuBar {{ background: {window}; color: {text}; padding: 2px 4px; }}
QMenuBar::item {{ background: transparent; padding: 4px 8px; border-radius: 4px; }}
QMenuBar::item:selected {{ background: {hovered}; }}
QMenu {{ background: {field}; color: {text}; border: 1px solid {border}; padding: 4px; }}
QMenu::item {{ padding: 5px 24px 5px 24px; border-radius: 4px; }}
QMenu::item:selected {{ background: {accent}; color: {on_accent}; }}
QMenu::item:disabled {{ color: {muted}; background: transparent; }}
QMenu::separator {{ height: 1px; background: {border}; margin: 4px 8px; }}
QGroupBox {{ border: none; margin-top: 22px; font-weight: 600; }}
QGroupBox::title {{ subcontrol-origin: margin; left: -2px; top: 2px; }}
QSplitter::handle {{ background: {window}; }}
QSplitter::handle:horizontal {{ image: url("{marks}/grip-{name}.svg"); }}
QSplitter::handle:hover {{ background: {accent}; }}
QStatusBar {{ color: {muted}; border-top: 1px solid {border}; }}
QStatusBar::item {{ border: none; }}
QStatusBar QLabel {{ color: {muted}; }}
QScrollArea {{ border: none; }}
QAbstractItemView {{ border: 1px solid {border}; border-radius: 6px; outline: none; }}
QTreeView::item, QListView::item {{ padding: 3px 2px; }}
QHeaderView::section {{ color: {muted}; background: {window}; border: none; padding: 4px 6px; }}
QScrollBar:vertical {{ background: transparent; width: 12px; margin: 0; }}
QScrollBar:horizontal {{ background: transparent; height: 12px; margin: 0; }}
QScrollBar::handle {{ background: {handle}; border-radius: 4px; margin: 2px; min-height: 24px;
    min-width: 24px; }}
QScrollBar::handle:hover {{ background: {muted}; }}
QScrollBar::add-line, QScrollBar::sub-line {{ width: 0; height: 0; }}
QScrollBar::add-page, QScrollBar::sub-page {{ background: transparent; }}
QSlider::groove:horizontal {{ height: 4px; border-radius: 2px; background: {border}; }}
QSlider::sub-page:horizontal {{ border-radius: 2px; background: {accent}; }}
QSlider::handle:horizontal {{ width: 12px; margin: -5px 0; border: 1px solid {window}; border-radius: 7px;
    background: {text}; }}
QSlider::handle:horizontal:hover {{ background: {accent}; }}
QSlider::handle:horizontal:focus {{ width: 10px; border: 2px solid {accent}; }}
QSlider::handle:horizontal:disabled, QSlider::sub-page:horizontal:disabled {{ background: {muted}; }}
QDialogButtonBox {{ dialogbuttonbox-buttons-have-icons: 0; }}
QToolButton#section_header {{ background: transparent; border: 1px solid transparent; border-radius: 6px;
    padding: 4px 2px; font-weight: 600; text-align: left; color: {text}; }}
QToolButton#section_header:hover {{ background: {hovered}; }}
QToolButton#section_header:focus {{ border-color: {accent}; }}
QFrame#section_line {{ background: {border}; border: none; max-height: 1px; }}
QLabel#muted {{ color: {muted}; }}
QLabel#error_label {{ color: {error}; }}
"""


def theme_of(name: ThemeName, application: QApplication) -> Theme:
    """Return the colours for a choice; light ones if the system states no preference."""
    if name is ThemeName.SYSTEM:
        is_dark = application.styleHints().colorScheme() == Qt.ColorScheme.Dark
    else:
        is_dark = name is ThemeName.DARK
    return DARK if is_dark else LIGHT


def apply_theme(theme: Theme, application: QApplication) -> None:
    """Give all windows a theme, including open ones."""
    apply_palette(theme, application)
    apply_sheet(theme, application)


def apply_palette(theme: Theme, application: QApplication) -> None:
    """Give all windows the colours of a theme, without the rest of its looks."""
    if not application.styleSheet() and application.style().name() != STYLE:  # with a sheet it has no name
        application.setStyle(STYLE)
    application.setPalette(theme_palette(theme))


def apply_sheet(theme: Theme, application: QApplication) -> None:
    """Give all windows the style sheet of a theme.

    With a style sheet, Qt restyles a widget and all its children whenever it gets a parent, so the sheet is
    set after the window is complete.
    """
    sheet = STYLE_SHEET.format(marks=MARKS.as_posix(), **asdict(theme))
    if application.styleSheet() != sheet:  # a second window uses the first one's sheet
        application.setStyleSheet(sheet)


def theme_palette(theme: Theme) -> QPalette:
    """Return Qt's palette in the colours of a theme."""
    role, group = QPalette.ColorRole, QPalette.ColorGroup
    palette = QPalette()
    for color, roles in (
        (theme.window, (role.Window,)),
        (theme.field, (role.Base,)),
        (theme.window, (role.AlternateBase,)),
        (theme.hovered, (role.Midlight,)),
        (theme.button, (role.Button, role.Light)),
        (theme.border, (role.Mid, role.Dark)),
        (theme.text, (role.WindowText, role.Text, role.ButtonText, role.ToolTipText, role.BrightText)),
        (theme.muted, (role.PlaceholderText,)),
        (theme.accent, (role.Highlight, role.Accent, role.Link, role.LinkVisited)),
        (theme.on_accent, (role.HighlightedText,)),
        (theme.tip, (role.ToolTipBase,)),
    ):
        for one in roles:
            palette.setColor(one, QColor(color))
    for one in (role.WindowText, role.Text, role.ButtonText):
        palette.setColor(group.Disabled, one, QColor(theme.muted))
    palette.setColor(group.Disabled, role.Highlight, QColor(theme.border))
    return palette


def heading_font(font: QFont) -> QFont:
    """Return a font for headings: the size of the text, in bold."""
    heading = QFont(font)
    heading.setBold(True)
    return heading
