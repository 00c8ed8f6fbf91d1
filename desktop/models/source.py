"""A decoder that was opened and read, or the error if it could not be read. No Qt."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from desktop.base.errors import ModelError
from desktop.latent.likelihood import Family, Likelihood
from desktop.models.first_decode import FirstDecode
from desktop.reading.input_values import InputValues, inputs_of, with_values
from desktop.reading.overrides import MAX_PATIENCE_S, SET, Overrides
from desktop.reading.reading import EncoderReading, OtherInput, Reading
from desktop.reading.what_it_is import LooksLike, NotADecoderError
from desktop.vetting.onnx_file import Graph, ModelFile
from desktop.vetting.trial import TrialEndedError
from export.bundle import DECODER_FILE, FORMAT, POSTERIOR_FILE, Bundle, bundle_of_file


class UnreadError(ModelError):
    """A model that was inspected but could not be read with these overrides; others may give a reading.

    Attributes:
        file: the model.
        overrides: the overrides that were set.
        looks_like: what the model looks like, if not like a decoder; or None.
        within: the folder of the bundle that the file belongs to, or None.
    """

    def __init__(self, error: ModelError, file: ModelFile, overrides: Overrides) -> None:
        self.within = bundle_of_file(file.path)
        text, hints = str(error), error.hints
        if self.within is not None and isinstance(error, NotADecoderError):
            kind = error.looks_like.value
            text = f"{file.path}: found {kind}, a file of a bundle, expected the bundle; open {self.within}"
            hints = ()
        super().__init__(text, option=error.option, hints=hints)
        self.file = file
        self.overrides = dict(overrides)
        self.looks_like: LooksLike | None = error.looks_like if isinstance(error, NotADecoderError) else None
        self._z_input = error.z_input if isinstance(error, NotADecoderError) else ""
        self._limit_s = error.limit_s if isinstance(error, TrialEndedError) else None

    def as_decoder(self) -> Overrides | None:
        """The overrides that force a reading as a decoder; None if it already looks like one."""
        return self.overrides | {"z-input": self._z_input} if self._z_input else None

    def with_more_time(self) -> Overrides | None:
        """The overrides with ten times the time for a trial; None if more time would not help."""
        if self._limit_s is None or self._limit_s >= MAX_PATIENCE_S:
            return None
        return self.overrides | {"patience": f"{min(10 * self._limit_s, MAX_PATIENCE_S):.3g}"}


@dataclass(frozen=True)
class Source:
    """A decoder, and its encoder if there is one, after they were inspected, tried and read.

    Attributes:
        path: the path of the bundle or of the bare decoder.
        name: the model's name, for people.
        sha256: the SHA-256 of the decoder, hex digits.
        decoder: the decoder's graph, or its path.
        reading: the reading of the decoder.
        encoder: the encoder's graph or its path, or None.
        encoder_reading: the reading of the encoder, or None.
        bundle: the bundle, or None for a bare decoder.
        file: the file of a bare decoder, or None for a bundle.
        encoder_file: the file of a bare encoder, or None.
        overrides: the parts of the reading that people set.
        first: the first picture of a slow decoder, or None.
        notes: messages for people, such as why an encoder that was found could not be read.
        within: the folder of the bundle that a bare decoder's file belongs to, or None.
    """

    path: Path
    name: str
    sha256: str
    decoder: Graph
    reading: Reading
    encoder: Graph | None = None
    encoder_reading: EncoderReading | None = None
    bundle: Bundle | None = None
    file: ModelFile | None = None
    encoder_file: ModelFile | None = None
    overrides: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    first: FirstDecode | None = None
    within: Path | None = None

    @property
    def encoder_sha256(self) -> str:
        """The SHA-256 of the encoder, hex digits; empty without one."""
        if self.encoder_file is not None:
            return self.encoder_file.sha256
        return hashlib.sha256(self.encoder).hexdigest() if isinstance(self.encoder, bytes) else ""

    @property
    def further_inputs(self) -> tuple[OtherInput, ...]:
        """The inputs of decoder and encoder that take neither z nor a picture, such as a class."""
        return inputs_of(self.reading, self.encoder_reading)

    def with_inputs(self, values: InputValues) -> "Source":
        """Return the source with other values of its further inputs, also in its overrides."""
        reading = with_values(self.reading, values)
        encoder_reading = None if self.encoder_reading is None else with_values(self.encoder_reading, values)
        if reading is self.reading and encoder_reading is self.encoder_reading:
            return self
        are = {other.name: other.value for other in self.further_inputs}
        changed = {SET + v.name: v.text for v in values if are.get(v.name, v.value) != v.value}
        overrides = dict(self.overrides) | changed
        return replace(self, reading=reading, encoder_reading=encoder_reading, overrides=overrides)

    @property
    def has_posterior(self) -> bool:
        """Whether it is a bundle with the posteriors of test images, which show where the data are."""
        return self.bundle is not None and POSTERIOR_FILE in self.bundle.files

    @property
    def likelihood(self) -> Likelihood | None:
        """The likelihood that a bundle gives for its decoder's output.

        None for a bare model, and for likelihoods other than Bernoulli in a bundle of format version 1.
        """
        if self.bundle is None:
            return None
        is_known = self.bundle.likelihood == Family.BERNOULLI or self.bundle.manifest["format"] != FORMAT
        return Likelihood(Family(self.bundle.likelihood), self.bundle.levels) if is_known else None

    @property
    def parameter_shapes(self) -> dict[str, tuple[int, ...]]:
        """The outputs that hold the parameters of a likelihood other than Bernoulli, and their shapes."""
        facts = None if self.bundle is None else self.bundle.tensors(DECODER_FILE)
        assert facts is not None
        shapes = {tensor["name"]: tuple(tensor["shape"][1:]) for tensor in facts["outputs"]}
        if "logits" in shapes:
            return {"logits": shapes["logits"]}
        mean = "mean" if "mean" in shapes else "picture"
        return {mean: shapes[mean], "log_scale": shapes["log_scale"]}

    @property
    def guess_note(self) -> str:
        """Say which parts of the decoder's reading are guesses; empty without any, or if a person set a part.

        The values of further inputs do not count: they are part of the view.
        """
        found = self.reading.guesses - {"other_inputs"}
        if not found or any(not option.startswith(SET) for option in self.overrides):
            return ""
        words = {
            "prior": f"prior ({self.reading.prior})",
            "value_range": f"value range {self.reading.value_range}",
        }
        guesses = ", ".join(sorted(words.get(name, name.replace("_", " ")) for name in found))
        return f"{self.path.name} was read with guesses: {guesses}"
