"""The facts about this machine for a bug report are JSON values, and are true."""

import json
import platform

import numpy as np
import onnxruntime as ort

from desktop.models.runtime import describe_runtime


def test_the_runtime_describes_itself():
    """A bug report's facts are complete and convert to JSON."""
    found = json.loads(json.dumps(describe_runtime()))
    assert found["onnxruntime"] == ort.__version__
    assert found["python"] == platform.python_version()
    assert found["distributions"]["numpy"] == np.__version__
    assert "CPUExecutionProvider" in found["providers"]
    assert 1 <= found["decode_threads"] <= found["cores"]
    assert found["qt"]
    assert found["cuda"]["why_not"] or found["cuda"]["driver"]
