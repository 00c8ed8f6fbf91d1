"""The window has its theme from the start, and takes another as soon as it is chosen."""

from PySide6.QtGui import QPalette

from desktop.widgets.common.theme import DARK, ThemeName, theme_of


def test_a_window_has_all_of_its_theme(open_window, themed):
    """Colours and style sheet are those of one theme, at the start and after another was chosen."""
    window = open_window()
    for theme in (theme_of(ThemeName.SYSTEM, themed), DARK):
        if theme is DARK:
            window.theme.actions[ThemeName.DARK].trigger()
        assert themed.palette().color(QPalette.ColorRole.Window).name() == theme.window
        assert f"QMenuBar {{ background: {theme.window};" in themed.styleSheet()
