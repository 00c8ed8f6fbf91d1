"""Files of numbers are read and written by the worker."""

import numpy as np

from desktop.jobs.numbers import read_numbers, save_numbers


def test_what_is_saved_is_read_back(tmp_path):
    """Writing as float32 and reading take one step each."""
    path = tmp_path / "path.npy"
    assert list(save_numbers(path, [(0.1, 0.2), (0.3, 0.4)])) == [path]
    (arrays,) = read_numbers(path)
    assert (arrays["path"] == np.float32([[0.1, 0.2], [0.3, 0.4]])).all()
