"""The command lines of parts that run in separate processes, started by Python or by the packaged app.

The app (`make app`) has no Python executable: it is one file, whose first argument can name a part of the
program. `.packaging/app/start.py` looks at that argument before it imports anything else.
"""

import sys

# PyInstaller sets `sys.frozen`.
IS_APP = bool(getattr(sys, "frozen", False))
TRIAL = "--part=trial"
PAGE = "--part=page"


def command_of(part: str, *python_arguments: str) -> list[str]:
    """The command that starts a part: the app with the part's name, or Python with these arguments."""
    return [sys.executable, part] if IS_APP else [sys.executable, *python_arguments]
