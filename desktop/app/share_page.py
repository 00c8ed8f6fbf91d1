"""Writes the open model as a page for the browser, by the command `export.page` in a separate process."""

import os
from pathlib import Path

from PySide6.QtCore import QObject, QProcess, QProcessEnvironment, Signal

from desktop.app.page_look import PageLook
from desktop.base.errors import ModelError
from desktop.base.installed import HOME
from desktop.base.own_process import PAGE, command_of
from desktop.models.source import Source
from desktop.reading.overrides import as_options

# In a wheel the packages are subpackages of another one.
MODULE = f"{__name__.partition('desktop.')[0]}export.page"


def page_arguments(source: Source, out: Path) -> list[str]:
    """The command's arguments for a model with its current reading; the look comes on standard input.

    Raises ModelError if the command cannot be told what the model needs.
    """
    arguments = ["--out", str(out.absolute()), "--overwrite", "--name", source.name, "--look", "-"]
    model = ["--", str(source.path.absolute())]
    if source.bundle is not None:
        return arguments + model
    reading = source.reading
    if reading.z_shape[0] is not None:
        raise ModelError("found a decoder whose z has no batch axis, expected one; a page cannot show it")
    if reading.more_channels:
        raise ModelError("found channels besides the picture's in the output; a page cannot show this model")
    for option, text in as_options(reading).items():
        arguments += [f"--{option}", text]
    arguments += ["--z-shape", ",".join(map(str, reading.z_shape[1:]))]
    for other in reading.other_inputs:
        if other.one_hot:
            arguments += ["--class", f"{other.name}={int(other.value)}"]
        else:
            arguments += ["--set", f"{other.name}={other.value!r}"]
    return arguments + model


class PageExport(QObject):
    """Runs one export at a time.

    Signals: `written` with the file and the command's last line of output, `failed` with its error line.
    """

    written = Signal(object, str)
    failed = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._process: QProcess | None = None
        self._out = Path()

    @property
    def is_running(self) -> bool:
        """Whether a page is being written."""
        return self._process is not None

    def start(self, source: Source, out: Path, look: PageLook) -> None:
        """Write a page about `source` that starts with `look` to `out`; stops a page that is being written.

        Raises ModelError if the command cannot be told what the model needs.
        """
        arguments = page_arguments(source, out)
        self.stop()
        self._out = out
        process = QProcess(self)
        environment = QProcessEnvironment.systemEnvironment()
        # Run this program's command, whatever folder the program was started in.
        others = environment.value("PYTHONPATH")
        environment.insert("PYTHONPATH", os.pathsep.join(filter(None, (str(HOME), others))))
        process.setProcessEnvironment(environment)
        process.finished.connect(self._on_finished)
        process.errorOccurred.connect(self._on_error)
        self._process = process
        program, *own_arguments = command_of(PAGE, "-m", MODULE)
        process.start(program, [*own_arguments, *arguments])
        process.write(look.text.encode())
        process.closeWriteChannel()

    def stop(self) -> None:
        """Stop writing a page; an existing file stays."""
        process, self._process = self._process, None
        if process is not None:
            process.finished.disconnect(self._on_finished)
            process.errorOccurred.disconnect(self._on_error)
            process.terminate()
            if not process.waitForFinished(2000):
                process.kill()
                process.waitForFinished(2000)
            process.deleteLater()

    def _on_finished(self, code: int, status: QProcess.ExitStatus) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        output = bytes(process.readAllStandardOutput().data()).decode(errors="replace").strip()
        errors = bytes(process.readAllStandardError().data()).decode(errors="replace").strip()
        process.deleteLater()
        if status == QProcess.ExitStatus.NormalExit and code == 0:
            self.written.emit(self._out, output.splitlines()[-1] if output else "")
        else:
            said = (
                errors.splitlines()[-1] if errors else "the process crashed, which a damaged model can cause"
            )
            self.failed.emit(f"{self._out}: no page was written: {said}")

    def _on_error(self, error: QProcess.ProcessError) -> None:
        if error == QProcess.ProcessError.FailedToStart and self._process is not None:
            process, self._process = self._process, None
            said = process.errorString()
            process.deleteLater()
            self.failed.emit(f"{self._out}: no page was written: {said}")
