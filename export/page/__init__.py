"""A model as one HTML file: the plane, points, and pictures decoded while one drags, with nothing to install.

`python -m export.page` writes it, `export.page.show` shows it in a notebook. It needs no PyTorch.
"""

from export.page.notebook import Shown, show

__all__ = ["Shown", "show"]
