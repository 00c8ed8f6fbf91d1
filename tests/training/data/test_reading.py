"""training/data/reading.py: why a picture could not be read."""

import errno

from training.data.pictures import PictureError
from training.data.reading import reason


def test_a_picture_that_may_not_be_read_says_what_to_do():
    """Only a file's permissions get advice; the file's name is not repeated."""
    denied = OSError(errno.EACCES, "Permission denied", "0.png")
    assert reason(denied) == "Permission denied (change its permissions)"
    assert reason(OSError(errno.EIO, "Input/output error", "0.png")) == "Input/output error"
    assert reason(PictureError("found a damaged picture")) == "found a damaged picture"
