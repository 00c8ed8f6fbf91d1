"""The program's own icon, for its windows."""

from pathlib import Path

from PySide6.QtGui import QIcon

ICON = Path(__file__).with_name("icon") / "latent-plane.svg"


def program_icon() -> QIcon:
    """Return the icon; Qt draws it in every size that a desktop asks for."""
    return QIcon(str(ICON))
