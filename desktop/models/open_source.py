"""Opens a bundle, or a bare decoder with the encoder beside it: inspects, tries and reads graphs. No Qt."""

import hashlib
import re
import zipfile
from dataclasses import replace
from pathlib import Path

from desktop.base.errors import ModelError
from desktop.models.bundle_trial import bundle_encoder_reading, try_graphs
from desktop.models.first_decode import first_decode
from desktop.models.source import Source, UnreadError
from desktop.reading import tensors
from desktop.reading.guess_decoder import propose
from desktop.reading.guess_encoder import propose_encoder
from desktop.reading.other_inputs import check_set
from desktop.reading.overrides import Overrides, check_names, encoder_path_of, patience_s_of, z_shape_of
from desktop.reading.reading import Layout, Reading, ValueRange
from desktop.reading.saved_overrides import save_overrides, saved_overrides
from desktop.reading.trial_z import trial_z
from desktop.vetting.onnx_file import ModelFile, Tensor, read_model_file
from desktop.vetting.opening import Opening, OpeningStoppedError
from desktop.vetting.trial import Trial
from export.bundle import (
    DECODER_FILE,
    ENCODER_FILE,
    MANIFEST_FILE,
    BundleError,
    bundle_of_file,
    epoch_file,
    folder_or_zip_format,
    open_bundle,
)

OPEN_SIZE = 8  # for a dimension without a fixed size: the first one tried for feature maps, common for z


def open_source(
    path: Path, overrides: Overrides | None = None, opening: Opening | None = None, use_saved: bool = True
) -> Source:
    """Open a bundle, given by its own path or its manifest's, or a bare `.onnx` file.

    `overrides`, as in `desktop.reading.overrides`, are for a bare model and are saved for that file; None
    uses the saved ones. Without `use_saved`, overrides are neither saved nor restored: commands depend on
    their options alone. `opening` is told what takes long, and can stop it. Raises BundleError for a bundle
    and for a path that is opened as one, and ModelError for a bare model (UnreadError if other overrides
    could help, OpeningStoppedError if it was stopped); OSError if a file cannot be read.
    """
    check_names(overrides or {})
    other = None if path.suffix.lower() in (".onnx", ".latent") else folder_or_zip_format(path)
    if other is not None:
        raise ModelError(f"{path}: found {other[0]}, expected a bundle or an ONNX model; {other[1]}")
    if _is_bundle(path):
        if overrides:
            raise ModelError(
                f"{path}: found overrides ({', '.join(overrides)}), expected none, because a bundle says how "
                "it is read; leave them out"
            )
        return _open_bundle(path, opening or Opening())
    return _open_model(path, overrides, opening or Opening(), use_saved)


def open_epoch(source: Source, epoch: int) -> Source:
    """The source of a bundle after an epoch, without an encoder if the bundle has none for that epoch.

    Its graphs are inspected and tried like the bundle's own. Raises BundleError.
    """
    bundle = source.bundle
    if bundle is None:
        raise BundleError(f"{source.path}: found no epochs, expected a bundle with epochs")
    decoder_name, encoder_name = epoch_file(epoch, DECODER_FILE), epoch_file(epoch, ENCODER_FILE)
    decoder = bundle.read(decoder_name)
    encoder = bundle.read(encoder_name) if encoder_name in bundle.files else None
    first = try_graphs(bundle, source.reading, (decoder_name, decoder), (encoder_name, encoder), Opening())
    return replace(
        source,
        first=first,
        sha256=hashlib.sha256(decoder).hexdigest(),
        decoder=decoder,
        encoder=encoder,
        encoder_reading=None if encoder is None else bundle_encoder_reading(bundle),
    )


def _is_bundle(path: Path) -> bool:
    """Whether a path is opened as a bundle: a folder, a manifest, a `.latent` file, a zip or a missing path.

    A bundle's error messages fit them all.
    """
    is_there = path.is_file() and path.name != MANIFEST_FILE
    return path.suffix.lower() != ".onnx" and (
        not is_there or path.suffix.lower() == ".latent" or zipfile.is_zipfile(path)
    )


def _open_bundle(path: Path, opening: Opening) -> Source:
    bundle = open_bundle(path)
    facts = bundle.tensors(DECODER_FILE)
    assert facts is not None  # `open_bundle` has checked it
    reading = Reading(
        z_input="z",
        z_dtype="float32",
        z_shape=(None, bundle.latent_dim),
        latent_dim=bundle.latent_dim,
        batch=None,
        other_inputs=(),
        output=facts["outputs"][0]["name"],
        output_dtype="float32",
        layout=Layout.NCHW,
        image_shape=bundle.image_shape,
        value_range=ValueRange.UNIT,
    )
    decoder = bundle.read(DECODER_FILE)
    encoder = bundle.read(ENCODER_FILE) if ENCODER_FILE in bundle.files else None
    first = try_graphs(bundle, reading, (DECODER_FILE, decoder), (ENCODER_FILE, encoder), opening)
    return Source(
        path=bundle.path,
        name=bundle.name,
        sha256=hashlib.sha256(decoder).hexdigest(),
        decoder=decoder,
        reading=reading,
        encoder=encoder,
        encoder_reading=None if encoder is None else bundle_encoder_reading(bundle),
        bundle=bundle,
        first=first,
    )


def _open_model(path: Path, overrides: Overrides | None, opening: Opening, use_saved: bool) -> Source:
    file = read_model_file(path)
    if not use_saved:
        return _read(file, overrides or {}, True, opening)
    if overrides is not None:
        source = _read(file, overrides, True, opening)
        save_overrides(file.sha256, overrides)
        return source
    before = saved_overrides(file.sha256)
    try:
        return _read(file, before, False, opening)
    except ModelError as error:
        if not before or isinstance(error, OpeningStoppedError):
            raise
        source = _read(file, {}, False, opening)  # a file must open even if its saved overrides no longer fit
        return replace(source, notes=(f"the saved overrides were ignored: {error}", *source.notes))


def _read(file: ModelFile, overrides: Overrides, are_new: bool, opening: Opening) -> Source:
    """Read the decoder and its encoder. Raises UnreadError.

    An encoder that cannot be read is left out with a note, unless the overrides are new and choose it.
    """
    try:
        with _trial(file, overrides, opening) as trial:
            reading = propose(file, trial.run, overrides, trial.is_slow)
            first = first_decode(trial, reading) if trial.is_slow else None
            if first is None:
                _check_batches(trial, reading)
        notes = reading.notes
        encoder_file, encoder_reading = None, None
        chosen = encoder_path_of(overrides)
        beside = chosen if "encoder" in overrides else encoder_beside(file.path)
        if beside is not None:
            try:
                encoder_file = read_model_file(beside)
                with _trial(encoder_file, overrides, opening) as trial:
                    encoder_reading = propose_encoder(encoder_file, trial.run, reading, overrides)
            except OpeningStoppedError:
                raise
            except (ModelError, OSError) as error:
                if chosen is not None and are_new:
                    raise
                encoder_file = None
                notes = (f"the encoder was left out: {error}", *notes)
        others = () if encoder_reading is None else encoder_reading.other_inputs
        check_set(overrides, (*reading.other_inputs, *others))
        for checked in (file, encoder_file):
            if checked is not None:
                checked.check_unchanged()
    except OpeningStoppedError:
        raise
    except ModelError as error:
        raise UnreadError(error, file, overrides) from error
    return Source(
        path=file.path,
        name=file.metadata.get("latent_plane.name", file.path.stem)[:200],
        sha256=file.sha256,
        decoder=file.graph,
        reading=reading,
        encoder=None if encoder_file is None else encoder_file.graph,
        encoder_reading=encoder_reading,
        file=file,
        encoder_file=encoder_file,
        overrides=dict(overrides),
        notes=notes,
        first=first,
        within=bundle_of_file(file.path),
    )


def _trial(file: ModelFile, overrides: Overrides, opening: Opening) -> Trial:
    patience_s = patience_s_of(overrides)
    shapes = {tensor.name: _shape_for_one(tensor, overrides) for tensor in file.inputs}
    return Trial(file.graph, str(file.path), patience_s, file=file, shapes=shapes, opening=opening)


def _shape_for_one(tensor: Tensor, overrides: Overrides) -> list[int]:
    """The shape of an input for one picture; sizes that are not fixed come from an override, or are 8."""
    shape = list(tensor.shape or ())
    sizes = z_shape_of(overrides)
    if sizes is not None and len(sizes) == len(shape) - 1:
        shape[1:] = [
            there if isinstance(there, int) else size for there, size in zip(shape[1:], sizes, strict=True)
        ]
    first = shape[:1] if len(shape) < 2 or isinstance(shape[0], int) else [1]
    return [size if isinstance(size, int) else OPEN_SIZE for size in (*first, *shape[1:])]


def encoder_beside(decoder: Path) -> Path | None:
    """The encoder whose name matches the decoder's, or the only encoder in a folder with one decoder."""
    named = re.sub("decoder", "encoder", decoder.name, flags=re.IGNORECASE)
    if named != decoder.name and decoder.with_name(named).is_file():
        return decoder.with_name(named)
    if "encoder" in decoder.stem.lower() and "decoder" not in decoder.stem.lower():
        return None
    found = [p for p in sorted(decoder.parent.glob("*.onnx")) if "encoder" in p.stem.lower() and p != decoder]
    decoders = [p for p in decoder.parent.glob("*.onnx") if p not in found]
    return found[0] if len(found) == 1 and len(decoders) == 1 else None


def decoder_beside(encoder: Path) -> Path | None:
    """The decoder whose name matches the encoder's."""
    named = encoder.with_name(re.sub("encoder", "decoder", encoder.name, flags=re.IGNORECASE))
    return named if named != encoder and named.is_file() else None


def _check_batches(trial: Trial, reading: Reading) -> None:
    """Check that the reading works for a single picture, which the window decodes most often."""
    z = trial_z(reading)[: reading.batch or 1]
    raw = trial.run(tensors.feeds(reading, z), [reading.output])[reading.output]
    tensors.probabilities(reading, raw)
