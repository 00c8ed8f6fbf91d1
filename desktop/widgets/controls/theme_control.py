"""View › Theme: light, dark, or like the system."""

from PySide6.QtCore import QObject
from PySide6.QtGui import QActionGroup
from PySide6.QtWidgets import QApplication, QMenu

from desktop.widgets.common import settings
from desktop.widgets.common.theme import ThemeName, apply_palette, apply_sheet, apply_theme, theme_of


class ThemeControl(QObject):
    """Sets the program's theme, and follows the system as long as nothing else is chosen.

    At first it sets the colours alone; `complete` sets the rest.
    """

    def __init__(self, view: QMenu) -> None:
        super().__init__(view)
        self.name = ThemeName.SYSTEM
        menu = view.addMenu("&Theme")
        group = QActionGroup(self)
        self.actions = {}
        for name in ThemeName:
            action = menu.addAction(name.value)
            action.setCheckable(True)
            action.triggered.connect(lambda _, name=name: self._choose(name))
            group.addAction(action)
            self.actions[name] = action
        self._application().styleHints().colorSchemeChanged.connect(self._apply)
        self._set(settings.theme())
        apply_palette(theme_of(self.name, self._application()), self._application())

    def complete(self) -> None:
        """Set the theme's style sheet, once the window has all its parts."""
        apply_sheet(theme_of(self.name, self._application()), self._application())

    def _choose(self, name: ThemeName) -> None:
        settings.save_theme(name)
        self._set(name)
        self._apply()

    def _set(self, name: ThemeName) -> None:
        self.name = name
        self.actions[name].setChecked(True)

    def _apply(self) -> None:
        application = self._application()
        apply_theme(theme_of(self.name, application), application)

    @staticmethod
    def _application() -> QApplication:
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        return application
