"""A drag over the plane of the model that ships, as one JSON line.

python -m tests.gpu.drag DEVICE COUNT
"""

import json
import sys
import tempfile
from pathlib import Path

from PySide6.QtCore import QEvent, QSettings, Qt
from PySide6.QtWidgets import QApplication

from desktop.base.shipped import shipped_bundle
from tests.benchmarks.viewer import Watch, positions, quantiles


def main(device: str, count: int) -> None:
    """Drag while tiles of a zoomed plane are decoded."""
    application = QApplication([])
    with tempfile.TemporaryDirectory() as settings:
        QSettings.setDefaultFormat(QSettings.Format.IniFormat)
        QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, settings)
        watch = Watch(Path(shipped_bundle()), device)  # type: ignore[arg-type]
        stroke = positions(count, watch.plane.size_px())
        watch.send(QEvent.Type.MouseButtonPress, *stroke[0], Qt.MouseButton.LeftButton)
        times = [watch.drag_ms(x, y) for x, y in stroke]
        watch.send(QEvent.Type.MouseButtonRelease, *stroke[-1], Qt.MouseButton.LeftButton)
        on = watch.explorer.running_on
        print(json.dumps({"runs on": "" if on is None else on.description, **quantiles(times)}))
        watch.window.close()
    application.processEvents()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
