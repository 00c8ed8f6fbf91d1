"""training/curves.py: the picture depends on the run alone."""

import matplotlib

from training.curves import write_curves
from training.runs import REQUIRED_METRICS

METRICS = [dict.fromkeys(REQUIRED_METRICS, -160.0), dict.fromkeys(REQUIRED_METRICS, -155.0)]


def test_settings_of_the_user_or_the_folder_change_nothing(tmp_path):
    """A `matplotlibrc`, perhaps a stranger's, does not change the picture, and its settings stay in force."""
    write_curves(tmp_path / "plain.png", "run", METRICS)
    with matplotlib.rc_context({"figure.facecolor": "red", "lines.linewidth": 9, "text.usetex": True}):
        write_curves(tmp_path / "set.png", "run", METRICS)
        assert matplotlib.rcParams["lines.linewidth"] == 9
    assert (tmp_path / "set.png").read_bytes() == (tmp_path / "plain.png").read_bytes()
