"""What is opened: a bundle, or a bare decoder with the encoder beside it, with their readings. No Qt."""

import hashlib
import re
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from desktop.base.errors import ModelError
from desktop.base.shipped import shipped_bundle
from desktop.reading import overrides, tensors
from desktop.reading.guess_decoder import check_set, propose, trial_z
from desktop.reading.guess_encoder import propose_encoder
from desktop.reading.overrides import Wanted
from desktop.reading.reading import EncoderReading, Layout, Reading, Spread, ValueRange
from desktop.reading.saved_overrides import save_overrides, saved_overrides
from desktop.vetting.onnx_file import ModelFile, read_model_file
from desktop.vetting.trial import TIME_LIMIT_S, Trial
from export.bundle import DECODER_FILE, ENCODER_FILE, Bundle, BundleError, epoch_file, open_bundle

# SHA-256 of the graphs of bundles that were tried since the program started: once is enough.
_tried: set[bytes] = set()


class UnreadError(ModelError):
    """A model that was looked into and has no reading, or none with these wishes: others may give one."""

    def __init__(self, words: str, file: ModelFile, wishes: Wanted) -> None:
        super().__init__(words)
        self.file = file
        self.wishes = dict(wishes)


@dataclass(frozen=True)
class Source:
    """A decoder, and its encoder if there is one, that were looked into, tried and read.

    Attributes:
        path: of the bundle or the decoder.
        name: what people call it.
        sha256: of the decoder, hex digits.
        decoder: the decoder's graph.
        reading: of the decoder.
        encoder: the encoder's graph, or None.
        encoder_reading: of the encoder, or None.
        bundle: the bundle, or None for a bare decoder.
        file: what the bare decoder's file is, or None for a bundle.
        encoder_file: what the bare encoder's file is, or None.
        wanted: what people said of the reading.
        notes: what people should know: an encoder that was found and could not be read.
    """

    path: Path
    name: str
    sha256: str
    decoder: bytes
    reading: Reading
    encoder: bytes | None = None
    encoder_reading: EncoderReading | None = None
    bundle: Bundle | None = None
    file: ModelFile | None = None
    encoder_file: ModelFile | None = None
    wanted: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def guess_note(self) -> str:
        """Which parts of the decoder's reading are guesses that nobody has looked at; else empty."""
        if self.wanted or not self.reading.guesses:
            return ""
        guesses = ", ".join(sorted(name.replace("_", " ") for name in self.reading.guesses))
        return f"{self.path.name} was read with guesses: {guesses}"


def open_source(path: Path, wishes: Wanted | None = None) -> Source:
    """Open a bundle or a bare `.onnx`.

    `wishes` are options of `desktop.reading.overrides`, for a bare model: they are saved for that
    file; None takes what is saved. Raises BundleError for a bundle, ModelError for a bare model, saying
    what was found (UnreadError where other wishes could help); OSError when a file cannot be read.
    """
    overrides.check_names(wishes or {})
    if _is_bundle(path):
        if wishes:
            raise ModelError(
                f"{path}: found options for a reading ({', '.join('--' + name for name in wishes)}), "
                "expected none: a bundle says itself how it is read; leave them out"
            )
        return _open_bundle(path)
    return _open_model(path, wishes)


def open_epoch(source: Source, epoch: int) -> Source:
    """A bundle's source as it was after an epoch; without encoder where the bundle has none of that epoch.

    Its graphs are looked into and tried like the bundle's own. Raises BundleError.
    """
    bundle = source.bundle
    if bundle is None:
        raise BundleError(f"{source.path}: found no epochs, expected a bundle that has them")
    decoder_name, encoder_name = epoch_file(epoch, DECODER_FILE), epoch_file(epoch, ENCODER_FILE)
    decoder = bundle.read(decoder_name)
    encoder = bundle.read(encoder_name) if encoder_name in bundle.files else None
    _try_graphs(bundle, source.reading, (decoder_name, decoder), (encoder_name, encoder))
    return replace(
        source,
        sha256=hashlib.sha256(decoder).hexdigest(),
        decoder=decoder,
        encoder=encoder,
        encoder_reading=None if encoder is None else _encoder_reading(bundle),
    )


def _is_bundle(path: Path) -> bool:
    """A folder, what is named as a bundle or is a zip, and what is not there: the bundle's errors fit all."""
    return path.suffix.lower() != ".onnx" and (
        not path.is_file() or path.suffix.lower() == ".latent" or zipfile.is_zipfile(path)
    )


def _open_bundle(path: Path) -> Source:
    bundle = open_bundle(path)
    reading = Reading(
        z_input="z",
        z_dtype="float32",
        z_shape=(None, bundle.latent_dim),
        latent_dim=bundle.latent_dim,
        batch=None,
        other_inputs=(),
        output="probabilities",
        output_dtype="float32",
        layout=Layout.NCHW,
        image_shape=bundle.image_shape,
        value_range=ValueRange.UNIT,
    )
    decoder = bundle.read(DECODER_FILE)
    encoder = bundle.read(ENCODER_FILE) if ENCODER_FILE in bundle.files else None
    _try_graphs(bundle, reading, (DECODER_FILE, decoder), (ENCODER_FILE, encoder))
    return Source(
        path=bundle.path,
        name=bundle.name,
        sha256=hashlib.sha256(decoder).hexdigest(),
        decoder=decoder,
        reading=reading,
        encoder=encoder,
        encoder_reading=None if encoder is None else _encoder_reading(bundle),
        bundle=bundle,
    )


def _encoder_reading(bundle: Bundle) -> EncoderReading:
    return EncoderReading(
        x_input="x",
        x_dtype="float32",
        layout=Layout.NCHW,
        image_shape=bundle.image_shape,
        value_range=ValueRange.UNIT,
        batch=None,
        mean_output="mean",
        spread_output="logvar",
        spread=Spread.LOGVAR,
        latent_dim=bundle.latent_dim,
    )


def _try_graphs(
    bundle: Bundle, reading: Reading, decoder: tuple[str, bytes], encoder: tuple[str, bytes | None]
) -> None:
    """Look into a bundle's decoder and encoder, each with its name in the bundle, and try them."""
    _try_graph(bundle, *decoder, tensors.feeds(reading, trial_z(reading)[:1]))
    name, graph = encoder
    if graph is not None:
        x = np.zeros((1, *bundle.image_shape), np.float32)
        _try_graph(bundle, name, graph, tensors.encoder_feeds(_encoder_reading(bundle), x))


def _try_graph(bundle: Bundle, name: str, graph: bytes, feeds: dict[str, Any]) -> None:
    """A bundle may come from a stranger, too: its graphs are looked into and tried before they are loaded."""
    where = Path(f"{bundle.path}: {name}")
    facts = bundle.manifest["tensors"][name.rpartition("/")[2]]
    sha256 = hashlib.sha256(graph).digest()
    try:
        file = read_model_file(where, graph)
        for side, tensors in (("inputs", file.inputs), ("outputs", file.outputs)):
            found = [_in_words(t.name, t.dtype, t.shape or ()) for t in tensors]
            expected = [_in_words(t["name"], t["dtype"], t["shape"]) for t in facts[side]]
            if found != expected:
                words = f"{', '.join(found)}, expected {', '.join(expected)} from the manifest"
                raise ModelError(f"{where}: found {side} {words}")
        if sha256 not in _tried and bundle.path.resolve() != shipped_bundle().resolve():
            with Trial(file.data, str(where)) as trial:
                trial.run(feeds, [tensor.name for tensor in file.outputs])
            _tried.add(sha256)
    except ModelError as error:
        words = str(error)
        to_do = "" if words.endswith("export it again") else "; export it again"
        raise BundleError(words + to_do) from error


def _in_words(name: str, dtype: str, shape: Sequence[int | str | None]) -> str:
    sizes = ", ".join(str(size) if isinstance(size, int) else "N" for size in shape)
    return f"{name} {dtype} [{sizes}]"


def _open_model(path: Path, wishes: Wanted | None) -> Source:
    file = read_model_file(path)
    if wishes is not None:
        source = _read(file, wishes, True)
        save_overrides(file.sha256, wishes)
        return source
    before = saved_overrides(file.sha256)
    try:
        return _read(file, before, False)
    except ModelError as error:
        if not before:
            raise
        source = _read(file, {}, False)  # what was set once must not keep it shut
        return replace(source, notes=(f"what was set for it before was left out: {error}", *source.notes))


def _read(file: ModelFile, wishes: Wanted, is_asked: bool) -> Source:
    """The decoder and its encoder. Raises UnreadError.

    An encoder that cannot be read is left out with a note, unless people have just asked for it.
    """
    try:
        patience_s = overrides.patience_s(wishes, TIME_LIMIT_S)
        with Trial(file.data, str(file.path), patience_s) as trial:
            reading = propose(file, trial.run, wishes)
            _check_batches(trial, reading)
        notes: tuple[str, ...] = ()
        encoder_file, encoder_reading = None, None
        chosen = overrides.encoder_path(wishes)
        beside = chosen if "encoder" in wishes else encoder_beside(file.path)
        if beside is not None:
            try:
                encoder_file = read_model_file(beside)
                with Trial(encoder_file.data, str(beside), patience_s) as trial:
                    encoder_reading = propose_encoder(encoder_file, trial.run, reading, wishes)
            except (ModelError, OSError) as error:
                if chosen is not None and is_asked:
                    raise
                encoder_file = None
                notes = (f"the encoder was left out: {error}",)
        others = () if encoder_reading is None else encoder_reading.other_inputs
        check_set(wishes, (*reading.other_inputs, *others))
    except ModelError as error:
        raise UnreadError(str(error), file, wishes) from error
    return Source(
        path=file.path,
        name=file.metadata.get("latent_plane.name", file.path.stem)[:200],
        sha256=file.sha256,
        decoder=file.data,
        reading=reading,
        encoder=None if encoder_file is None else encoder_file.data,
        encoder_reading=encoder_reading,
        file=file,
        encoder_file=encoder_file,
        wanted=dict(wishes),
        notes=notes,
    )


def encoder_beside(decoder: Path) -> Path | None:
    """The encoder that a decoder's name points to, or the only one in its folder."""
    named = re.sub("decoder", "encoder", decoder.name, flags=re.IGNORECASE)
    if named != decoder.name and decoder.with_name(named).is_file():
        return decoder.with_name(named)
    if "encoder" in decoder.stem.lower() and "decoder" not in decoder.stem.lower():
        return None
    found = [p for p in sorted(decoder.parent.glob("*.onnx")) if "encoder" in p.stem.lower() and p != decoder]
    decoders = [p for p in decoder.parent.glob("*.onnx") if p not in found]
    return found[0] if len(found) == 1 and len(decoders) == 1 else None


def _check_batches(trial: Trial, reading: Reading) -> None:
    """One picture is what the window asks for most: it, too, must come as the reading says."""
    z = trial_z(reading)[: reading.batch or 1]
    raw = trial.run(tensors.feeds(reading, z), [reading.output])[reading.output]
    tensors.probabilities(reading, raw)
