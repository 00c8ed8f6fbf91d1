"""Parts of this program that run in processes of their own: how Python starts them, and how the app does.

The app (`make app`) has no Python: it is one executable, whose first argument can name a part of the program.
`.packaging/app/start.py` looks at that argument before anything else is imported.
"""

import sys

# PyInstaller sets it.
IS_APP = bool(getattr(sys, "frozen", False))
TRIAL = "--part=trial"
PAGE = "--part=page"


def command_of(part: str, *python_arguments: str) -> list[str]:
    """The command that starts a part: the app with the part's name, or Python with these arguments."""
    return [sys.executable, part] if IS_APP else [sys.executable, *python_arguments]
