"""A picture of one's own: drawn, dropped or pasted, encoded while it changes."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QImage, QPainter, QPen, QPolygonF
from PySide6.QtWidgets import QFileDialog

from desktop import image_jobs
from desktop.drawing import Drawing, blank
from desktop.explorer import PICTURE
from desktop.fitting import Fitted, fit
from desktop.image_jobs import Encoded
from desktop.plane_normals import ellipse, project_normals
from desktop.state import Layer
from desktop.widgets import colors
from desktop.widgets.image_panel import ImagePanel
from desktop.widgets.images import to_qimage

if TYPE_CHECKING:
    from desktop.widgets.main_window import MainWindow
