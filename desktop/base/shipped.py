"""The path of the bundle that ships with the program."""

from pathlib import Path


def shipped_bundle() -> Path:
    """The MNIST bundle: in the package of an installed wheel, under artifacts/ in a checkout."""
    installed = Path(__file__).parents[1] / "mnist"
    return installed if installed.is_dir() else Path(__file__).parents[2] / "artifacts" / "mnist"
