"""The app's first file: it decides which part of the program this process is.

The app has no Python that could be told `-m MODULE`. So it starts itself, with a first argument that names
the part (`desktop/base/own_process.py`). Nothing of the program is imported before that is known, because the
process that tries a stranger's model must be as small and as separate as it is without the app. Like
`python -I`, the app looks for modules in itself alone, neither in the current folder nor in PYTHONPATH.
"""

import os
import sys
from pathlib import Path

TRIAL = "--part=trial"
PAGE = "--part=page"


def main() -> None:
    """Run the part of the program that this process is meant to be."""
    _forget_libraries()
    # The file has other names, too: an installed wheel's commands for somebody who has models.
    called = Path(sys.argv[0]).name.removesuffix(".exe")
    match sys.argv[1:2], called:
        case [part], _ if part == TRIAL:
            del sys.argv[1]
            _try_a_model()
            return
        case [part], _ if part == PAGE:
            sys.argv[:2] = ["latent-plane-page"]
            from latent_plane.export.page.__main__ import main as command
        case _, "latent-plane-page":
            from latent_plane.export.page.__main__ import main as command
        case _, "latent-plane-render":
            from latent_plane.desktop.render import main as command
        case _, "latent-plane-inspect":
            from latent_plane.desktop.inspect import main as command
        case _:
            if sys.stderr is None:  # on Windows and macOS, where the app has no console
                sys.argv.insert(1, "--keep-open")
            from latent_plane.desktop.__main__ import main as command
    command()


def _try_a_model() -> None:
    """Run the trial's file as Python would: it imports nothing of this project."""
    import runpy

    child = Path(sys._MEIPASS) / "latent_plane" / "desktop" / "vetting" / "trial_child.py"
    runpy.run_path(str(child), run_name="__main__")


def _forget_libraries() -> None:
    """Undo what the loader of the app has set in the environment, once it has been read.

    Other programs that this one starts, such as a browser, need the system's libraries and not the app's. And
    the app itself, started once more, must set it anew.
    """
    for name in [name for name in os.environ if name.startswith("_PYI_")]:
        del os.environ[name]
    if sys.platform.startswith("linux"):
        os.environ.pop("LD_LIBRARY_PATH", None)
        before = os.environ.pop("LD_LIBRARY_PATH_ORIG", None)
        if before is not None:
            os.environ["LD_LIBRARY_PATH"] = before


main()
