"""Any file from a stranger gives one clear line within seconds, uses little memory, and harms nothing."""

import time

import numpy as np
import pytest

from desktop.base.errors import ModelError
from desktop.models.model import Model
from desktop.models.source import open_source
from tests.desktop.hostile_models import CUTS, MUTATIONS, corpus, mutated, truncated

LIMIT_S = 5.0
CORPUS = dict(corpus())


def opened(path):
    """The error of opening a file in the program, or None if it opens and decodes."""
    try:
        source = open_source(path)
        model = Model(source, "cpu")
    except (ModelError, OSError) as error:
        return str(error)
    try:
        model.decode(np.zeros((2, model.latent_dim), np.float32))
    finally:
        model.close()
    return None


@pytest.mark.parametrize("name", CORPUS)
def test_a_hostile_file_is_refused_in_one_line_in_time(name, tmp_path):
    """The line says what was found and expected, within five seconds."""
    path = tmp_path / "model.onnx"
    CORPUS[name](path)
    start = time.monotonic()
    message = opened(path)
    assert time.monotonic() - start < LIMIT_S
    assert message is not None
    assert message.startswith(f"{path}: ")
    assert "\n" not in message
    assert len(message) < 900


def test_a_truncated_file_is_refused_wherever_it_ends(tmp_path):
    """The file is cut off at fifty places."""
    path = tmp_path / "model.onnx"
    cut = list(truncated())
    assert len(cut) == CUTS
    for data in cut:
        path.write_bytes(data)
        message = opened(path)
        assert message is not None, len(data)
        assert message.startswith(f"{path}: found "), message


@pytest.mark.slow
def test_a_mutated_file_is_refused_or_harmless(tmp_path):
    """In five hundred copies, some bytes are changed: each gives an error of one line, or pictures."""
    path = tmp_path / "model.onnx"
    changed = list(mutated())
    assert len(changed) == MUTATIONS
    for data in changed:
        path.write_bytes(data)
        start = time.monotonic()
        message = opened(path)
        assert time.monotonic() - start < LIMIT_S
        assert message is None or message.startswith(f"{path}: ")
        assert message is None or "\n" not in message
