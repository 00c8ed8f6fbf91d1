"""Fixtures for the tests of untrusted files."""

import pytest

from desktop.base.errors import ModelError
from desktop.vetting.onnx_file import read_model_file


@pytest.fixture
def refused(tmp_path):
    """`refused(data)`: the error message for a file with this content."""

    def read(data):
        path = tmp_path / "model.onnx"
        path.write_bytes(data)
        with pytest.raises(ModelError) as caught:
            read_model_file(path)
        message = str(caught.value)
        assert message.startswith(f"{path}: found ")
        assert "\n" not in message
        return message.removeprefix(f"{path}: ")

    return read
