"""python -m desktop [MODEL]: the viewer."""

import atexit
import errno
import gc
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from desktop.base.installed import Choice, needed, version_option

with needed("desktop", "python -m desktop", __name__, "PySide6"):
    from desktop.base.atomic_file import replaced_file

from desktop.base.command_line import heed_ctrl_c, printable, run_command
from desktop.base.display import DisplayError, check_display, missing_library
from desktop.base.errors import ModelError
from desktop.base.machine import DeviceError, DeviceName
from desktop.base.option_groups import GroupedCommand
from desktop.base.plain_import import plain_import
from desktop.base.shipped import shipped_bundle
from desktop.reading.command_options import overrides_from, reading_options
from desktop.vetting.opening import OpeningStoppedError
from desktop.vetting.trial_process import end_early, start_early
from export.bundle import BundleError

if TYPE_CHECKING:
    from desktop.widgets.main_window import MainWindow

PROGRAM = "latent-plane"
START_SIZE_PX = (1180, 860)
SETTLE_MS = 150
IDLE_LOOKS = 2  # the window must be idle so many times in a row: a result that arrives may start more work


def _is_png(context: click.Context, parameter: click.Parameter, file: Path | None) -> Path | None:
    if file is not None and file.suffix.lower() != ".png":
        raise click.BadParameter(f"found {str(file)!r}, expected a name ending in .png.", context, parameter)
    return file


@click.command(
    cls=GroupedCommand,
    name="python -m desktop",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.argument("model", required=False, type=click.Path(path_type=Path))
@reading_options
@click.option(
    "--device",
    type=Choice(["auto", "cuda", "cpu"]),
    default="auto",
    show_default=True,
    help="Where to run the model.",
)
@click.option(
    "--screenshot",
    type=click.Path(path_type=Path, dir_okay=False),
    callback=_is_png,
    help="Save the window as this PNG once everything is decoded, then exit; an existing file is replaced. "
    "No display is needed with QT_QPA_PLATFORM=offscreen.",
)
@click.option(
    "--size",
    type=(click.IntRange(320, 10_000), click.IntRange(320, 10_000)),
    metavar="WIDTH HEIGHT",
    help="The window's size in pixels.  "
    f"[default: the last size, at first {START_SIZE_PX[0]} {START_SIZE_PX[1]}]",
)
@click.option("--fresh", is_flag=True, help="Start without what was saved last time.")
@click.option(
    "--keep-open",
    is_flag=True,
    help="If MODEL cannot be opened, show the error in the window. Desktops start the program like this, "
    "because nobody would see standard error.",
)
@version_option
def command(
    model: Path | None,
    device: DeviceName,
    screenshot: Path | None,
    size: tuple[int, int] | None,
    fresh: bool,
    keep_open: bool,
    **reading: Any,
) -> int:
    """Explore the latent space of MODEL.

    MODEL is a bundle (a folder or a .latent file), the .onnx file of any decoder, or a picture that this
    program exported. By default, it is the model that was open last, or the bundle that ships with the
    program. The program guesses what a decoder's file does not say. The window shows the guesses, and you can
    set them by options or in the window.
    """
    overrides = overrides_from(**reading)
    check_display()
    # The garbage collector would search all that is imported and built from here on, and find nothing.
    gc.disable()
    if model is not None and model.suffix.lower() == ".onnx":
        start_early()
        from desktop.models.early_source import open_early, stop_early

        click.get_current_context().call_on_close(stop_early)
        open_early(model, overrides)
    try:
        with plain_import():
            from PySide6.QtCore import QLocale, QTimer
        from PySide6.QtWidgets import QApplication

        from desktop.app.explorer import Explorer
        from desktop.app.signals import ClosingSignals
        from desktop.images.picture_kinds import is_image
        from desktop.widgets.common.program_icon import program_icon
        from desktop.widgets.main_window import MainWindow
    except ImportError as error:
        raise missing_library(error) from error
    heed_ctrl_c()  # not earlier: an exception during Qt's import leaves it half imported

    # Desktops group windows and find the desktop file by this name; by default it would be "__main__.py".
    application = QApplication.instance() or QApplication([PROGRAM])
    application.setApplicationName("Latent Plane")
    assert isinstance(application, QApplication)
    application.setDesktopFileName(PROGRAM)
    application.setWindowIcon(program_icon())
    QLocale.setDefault(QLocale.c())  # numbers are written in the window as in files and options
    signals = ClosingSignals(application)
    window = MainWindow(Explorer(device))
    signals.closing.connect(window.quitting.force)
    was_placed = window.restore_place()
    if size is not None:
        window.resize(*size)
    elif not was_placed and screenshot is not None:
        window.resize(*START_SIZE_PX)
    elif not was_placed:
        window.resize_within_screen(*START_SIZE_PX)
    errors: list[Exception] = []

    def open_failed(error: Exception) -> None:
        # After a later failure a model is still open, and the window shows the error. After a stop, a person
        # can open another model.
        if isinstance(error, OpeningStoppedError):
            return
        if keep_open:  # the window shows the error
            if screenshot is not None:
                QTimer.singleShot(SETTLE_MS, lambda: _shoot(window, screenshot, errors))
            return
        if window.explorer.source is None and not window.saved_control.recovering:
            errors.append(error)
            window.close()

    window.explorer.open_failed.connect(open_failed)
    for ended in (window.explorer.opened, window.explorer.open_failed):
        ended.connect(lambda _: end_early())
    picture = model if model is not None and is_image(model) else None
    if screenshot is not None and picture is None:
        # Wait a little, so that the status bar is up to date too.
        window.explorer.backdrop_finished.connect(
            lambda: QTimer.singleShot(SETTLE_MS, lambda: _shoot(window, screenshot, errors))
        )
    window.show()
    gc.freeze()  # later collections skip these objects, too
    gc.enable()
    if screenshot is not None:
        window.saved_control.start(model or shipped_bundle(), overrides, fresh=True, saves=False)
        if picture is not None:
            _shoot_when_idle(window, screenshot, errors)
    else:
        window.help.tell_unexpected()
        window.saved_control.start(model, overrides, fresh)
        window.hints.start()
    application.exec()
    signals.stop()
    if errors:
        if model is not None and isinstance(errors[0], BundleError) and not model.exists():
            raise BundleError(
                f"{model}: found nothing there, expected a bundle (a folder or a .latent file), an .onnx "
                "file or an exported picture; check the path"
            ) from errors[0]
        raise errors[0]
    return signals.exit_status


def _shoot_when_idle(window: "MainWindow", file: Path, errors: list[Exception]) -> None:
    """Take the screenshot once the window has been idle for a while.

    A picture is opened after a model, perhaps with another model, so the plane may be decoded several times.
    """
    from PySide6.QtCore import QTimer

    idle_looks = 0

    def look() -> None:
        nonlocal idle_looks
        explorer = window.explorer
        is_idle = explorer.source is not None and explorer.worker.is_idle and explorer.opener.is_idle
        idle_looks = idle_looks + 1 if is_idle else 0
        if idle_looks == IDLE_LOOKS:
            timer.stop()
            _shoot(window, file, errors)

    timer = QTimer(window, interval=SETTLE_MS)
    timer.timeout.connect(look)
    timer.start()


def _shoot(window: "MainWindow", file: Path, errors: list[Exception]) -> None:
    """Write the window to a PNG file and close it."""
    try:
        with replaced_file(file) as temporary:
            window.plane.settle()
            if not window.grab().save(str(temporary), "PNG"):
                raise OSError(errno.EIO, "the picture could not be written", str(file))
        click.echo(f"saved {printable(str(file))}")
    except OSError as error:
        errors.append(error)
    window.close()


def main() -> None:
    """Run the command line and exit."""
    # At exit, Python collects garbage several times, which takes three quarters of the time from closing the
    # window to the end of the process. The system takes back all memory anyway.
    atexit.register(gc.freeze)
    run_command(command, (BundleError, DeviceError, DisplayError, ModelError), imports_more=True)


if __name__ == "__main__":
    main()
