"""Good files that were cut off or changed: one clear line within seconds, little memory.

The other hostile files are dropped on the window in tests/desktop/widgets/test_hostile_files.py.
"""

import numpy as np
import pytest

from desktop.base.errors import ModelError
from desktop.models.model import Model
from desktop.models.open_source import open_source
from tests.desktop.hostile_models import CUTS, MUTATIONS, mutated, truncated
from tests.steps import LIMIT_S, processor_seconds


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
    """In 150 copies, some bytes are changed: each gives an error of one line, or pictures."""
    path = tmp_path / "model.onnx"
    changed = list(mutated())
    assert len(changed) == MUTATIONS
    for data in changed:
        path.write_bytes(data)
        before = processor_seconds()
        message = opened(path)
        assert processor_seconds() - before < LIMIT_S
        assert message is None or message.startswith(f"{path}: ")
        assert message is None or "\n" not in message
