"""The help menu describes the open model."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from desktop.models.open_source import open_source
from desktop.widgets.dialogs.about_model import AboutDialog, in_words, show_about
from tests.waiting import SOON_MS

# A dialog raises itself, which the offscreen plugin cannot do.
pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")


@pytest.fixture
def parent(qtbot):
    """A shown window."""
    window = QWidget()
    qtbot.addWidget(window)
    window.show()
    qtbot.waitExposed(window)
    return window


@pytest.fixture
def told(parent, qtbot):
    """`told()` returns the text of the open dialog, closes it with Escape, and checks that it is gone."""

    def read():
        (box,) = parent.findChildren(AboutDialog)
        qtbot.waitUntil(box.isVisible, timeout=SOON_MS)
        text = box.text()
        qtbot.keyClick(box, Qt.Key.Key_Escape)
        qtbot.waitUntil(lambda: not parent.findChildren(AboutDialog), timeout=SOON_MS)
        return text

    return read


def test_the_model_says_what_it_is_and_how_good(parent, told, bundle_path):
    """It gives name, dimensions, shape, likelihood, test ELBO with its error, the commands and the device."""
    source = open_source(bundle_path)
    bundle = source.bundle
    show_about(parent, source, "CPU, 2 threads")
    text = told()
    assert bundle.name in text
    assert "2 latent dimensions, images of 1 × 28 × 28, Bernoulli likelihood" in text
    metrics = bundle.manifest["metrics"]
    elbo = f"{metrics['test_elbo_nats']:.2f} ± {metrics['test_elbo_error_nats']:.2f} nats".replace("-", "−")
    assert f"Test ELBO {elbo}" in text
    assert "python -m training.fit" in text
    assert "Runs on CPU, 2 threads" in text


@pytest.mark.parametrize(
    ("name", "latent_dim", "words"),
    [
        ("emoji64", 3, "emoji64, 3 latent dimensions"),
        ("line", 1, "line, 1 latent dimension"),
        ("MNIST, 2 latent dimensions", 2, "MNIST, 2 latent dimensions"),
    ],
)
def test_the_number_of_dimensions_is_told_once(make_bundle, name, latent_dim, words):
    """If the name has it, it is not told again."""
    assert in_words(open_source(make_bundle(name=name, latent_dim=latent_dim))) == words


def test_a_strangers_words_are_shown_as_words(parent, told, make_bundle):
    """A name that looks like markup is shown as text."""
    show_about(parent, open_source(make_bundle(name="<img src='a.png'>")), "CPU")
    text = told()
    assert "<img" not in text
    assert "&lt;img src=" in text
