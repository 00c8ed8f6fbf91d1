"""Describes the open model, in a few words and in a dialog."""

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialogButtonBox, QLabel, QVBoxLayout, QWidget

from desktop.base.minus import with_minus
from desktop.base.words import in_nats, one_line
from desktop.models.epochs import epoch_and_elbo, epochs_of, whole_elbo_nats
from desktop.models.source import Source
from desktop.widgets.common.fitting_dialog import FittingDialog, Scrolled
from desktop.widgets.common.plain_text import breakable

TEXT_PX = 420  # texts are at least this wide before they wrap


class AboutDialog(FittingDialog):
    """Shows what is known about a model, as rich text. Deleted when it is closed."""

    def __init__(self, parent: QWidget, text: str) -> None:
        super().__init__(parent)
        self.setWindowTitle("About this model")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._text = QLabel(text)
        self._text.setTextFormat(Qt.TextFormat.RichText)
        self._text.setWordWrap(True)
        self._text.setMinimumWidth(TEXT_PX)
        self._text.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(Scrolled(self._text), 1)
        layout.addWidget(buttons)

    def text(self) -> str:
        """Return the text."""
        return self._text.text()


def in_words(source: Source, epoch: int | None = None) -> str:
    """Describe the open model, at an epoch or as a whole, in a few words for the status bar."""
    state = " ".join(filter(None, state_and_elbo(source, epoch)))
    return ", ".join(filter(None, (source.name, _dimensions(source), state)))


def _dimensions(source: Source) -> str:
    """Return the number of latent dimensions in words; empty if the model's name contains them."""
    count = source.reading.latent_dim
    words = f"{count:,} latent dimension{'s' if count > 1 else ''}"
    return "" if words.casefold() in source.name.casefold() else words


def state_and_elbo(source: Source, epoch: int | None = None) -> tuple[str, str]:
    """Return the epoch in words, and the number of its test ELBO.

    A text is empty if its content is not known.
    """
    epochs = epochs_of(source)
    numbers = [each.number for each in epochs]
    if epoch in numbers:
        return epoch_and_elbo(epochs, numbers.index(epoch))
    elbo = _whole_elbo(source)
    return ("test ELBO", elbo) if elbo else ("", "")


def show_about(parent: QWidget, source: Source, device: str) -> None:
    """Show a dialog that says what the model is, how it was made, its test ELBO, and where it runs."""
    reading, bundle, file = source.reading, source.bundle, source.file
    image = " × ".join(map(str, reading.image_shape))
    lines = [f"{reading.latent_dim} latent dimensions, images of {image}"]
    if file is not None:
        lines += [f"Exported by {file.producer}"] * bool(file.producer)
        lines.append(f"{file.parameter_count:,} parameters")
    facts: Mapping[str, Any] = {}
    if bundle is not None:
        likelihood = source.likelihood
        words = bundle.likelihood if likelihood is None else likelihood.family.words
        lines[0] += f", {words} likelihood" + (" (a density)" if likelihood and likelihood.is_density else "")
        if likelihood is not None:
            lines.append(f"Data with {likelihood.levels} levels")
        lines.append(f"Created {bundle.manifest['created']}")
        facts = bundle.manifest
    metrics, made_with = facts.get("metrics"), facts.get("made_with")
    if isinstance(metrics, dict) and (elbo := _whole_elbo(source)):
        lines.append(f"Test ELBO {elbo} after epoch {metrics.get('epoch')}")
    if isinstance(made_with, list):
        lines += [str(command) for command in made_with]
    lines.append(f"Runs on {device}")
    from html import escape  # with a table of all entities, so imported only when needed

    # The model may come from anyone: its texts are escaped, so that markup has no effect.
    text = "<br>".join(escape(breakable(one_line(line))) for line in lines)
    AboutDialog(parent, f"<b>{escape(breakable(one_line(source.name)))}</b><br>{text}").open()


def _whole_elbo(source: Source) -> str:
    """Return the test ELBO after the whole fit with its standard error; empty if it is not known."""
    elbo, error = (None, None) if source.bundle is None else whole_elbo_nats(source.bundle)
    if elbo is None:
        return ""
    likelihood = source.likelihood
    bits = None if likelihood is None else likelihood.bits_per_dimension(elbo, source.reading.image_shape)
    words = in_nats(elbo, error)
    return words if bits is None else f"{words} ({with_minus(f'{bits:z.3f}')} bits per dimension)"
