"""The curves of a fit as a picture: ELBO, rate and distortion over the epochs."""

import io
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from training.files import replaced_file
from training.output import escaped

# Okabe and Ito's palette, which people with any kind of colour vision can tell apart.
BLUE, ORANGE, GREEN = "#0072B2", "#D55E00", "#009E73"
# The longest title that fits above the curves.
TITLE_CHARACTERS = 64


def write_curves(path: Path, title: str, metrics: Sequence[dict[str, Any]]) -> None:
    """Draw a run's metrics as a PNG. Raises OSError if it cannot be written."""
    # Matplotlib reads settings of the user and of the current folder. They must not end a fit or change its
    # pictures, so Matplotlib is imported here.
    import matplotlib

    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        _draw(path, title, metrics)


def _draw(path: Path, title: str, metrics: Sequence[dict[str, Any]]) -> None:
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    epochs = [line["epoch"] for line in metrics]
    figure = Figure(figsize=(10, 3.4), dpi=120)
    # Fixed, because computing a layout takes as long as drawing.
    margins = {"left": 0.09, "right": 0.985, "bottom": 0.14, "top": 0.82, "wspace": 0.22}
    axes = figure.subplots(1, 3, gridspec_kw=margins)
    # The run's name is not parsed as a formula, even if it has $ signs.
    figure.suptitle(_in_a_line(title), fontsize=11, parse_math=False, usetex=False)
    panels = (
        ("ELBO, higher is better", "test_elbo_nats", BLUE),
        ("rate, KL(q(z|x) ‖ p(z))", "test_rate_nats", ORANGE),
        ("distortion, −log p(x|z)", "test_distortion_nats", GREEN),
    )
    for panel, (label, name, color) in zip(axes, panels, strict=True):
        values = [line[name] for line in metrics]
        panel.plot(epochs, values, color=color, marker="o", markersize=3, linewidth=1.5, label="test")
        panel.set_title(f"{label}: {values[-1]:.2f}".replace("-", "−"), fontsize=10)
        panel.set_xlabel("epoch")
        panel.xaxis.set_major_locator(MaxNLocator(nbins=6, integer=True))
        panel.grid(alpha=0.25)
        panel.spines[["top", "right"]].set_visible(False)
    axes[0].set_ylabel("nats per image")
    trained = [(line["epoch"], line["train_elbo_nats"]) for line in metrics if "train_elbo_nats" in line]
    if trained:
        # The first epoch's mean is far below everything else and would flatten the rest.
        axes[0].set_ylim(axes[0].get_ylim())
        # Each value is a mean over the epoch, with the changing weights and the distorted images.
        axes[0].plot(
            *zip(*trained, strict=True), color="0.55", linewidth=1, label="training, mean over the epoch"
        )
        axes[0].legend(fontsize=8, frameon=False, loc="best")
    picture = io.BytesIO()
    with warnings.catch_warnings():
        # The font has no Chinese, for example.
        warnings.filterwarnings("ignore", "Glyph .* missing from")
        figure.savefig(picture, format="png")
    with replaced_file(path) as temporary:
        temporary.write_bytes(picture.getbuffer())


def _in_a_line(title: str) -> str:
    """The title in one line: unprintable characters escaped, and the middle left out if it is too long."""
    title = escaped(title).replace("\n", r"\n")
    if len(title) <= TITLE_CHARACTERS:
        return title
    half = TITLE_CHARACTERS // 2
    return f"{title[:half]}…{title[-half:]}"
