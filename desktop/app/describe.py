"""Describes a model and its reading, as lines for people and as JSON types. No Qt."""

import dataclasses
from typing import Any

from desktop.base.minus import with_hyphen
from desktop.models.epochs import whole_elbo_nats
from desktop.models.source import Source
from desktop.reading.input_values import InputValue
from desktop.reading.reading import EncoderReading, OtherInput, Reading
from desktop.vetting.onnx_file import ModelFile
from export.bundle import Bundle

MOST_OPERATORS = 12


def facts(source: Source) -> dict[str, Any]:
    """Return all facts about a source, as JSON types."""
    found: dict[str, Any] = {
        "path": str(source.path),
        "name": source.name,
        "kind": "model" if source.bundle is None else "bundle",
        "sha256": source.sha256,
    }
    if source.bundle is not None:
        found["format"] = source.bundle.manifest["format"]
        found["epochs"] = list(source.bundle.epochs)
        found["likelihood"], found["levels"] = source.bundle.likelihood, source.bundle.levels
        found["size_bytes"] = _size_bytes(source.bundle)
        found["test_elbo_nats"], found["test_elbo_error_nats"] = whole_elbo_nats(source.bundle)
        found["test_image_count"] = _count(source.bundle)
    for key, file in (("decoder_file", source.file), ("encoder_file", source.encoder_file)):
        if file is not None:
            found[key] = _file_facts(file)
    found["reading"] = _reading_facts(source.reading)
    if source.encoder_reading is not None:
        found["encoder_reading"] = _reading_facts(source.encoder_reading)
    return found | {"wanted": dict(source.overrides), "notes": list(source.notes)}


def describe(source: Source) -> list[str]:
    """Return the facts about a source as lines for people."""
    lines = [f"{source.path}: {'a bare model' if source.bundle is None else 'a bundle'}, {source.name!r}"]
    if source.bundle is not None:
        known = source.likelihood
        words = source.bundle.likelihood if known is None else known.family.words
        lines.append(f"likelihood     {words}, images of {source.bundle.levels} levels")
        lines += _describe_bundle(source.bundle)
    for title, file in (("decoder", source.file), ("encoder", source.encoder_file)):
        if file is not None:
            lines += ["", f"{title} {file.path.name}", *_describe_file(file)]
    lines += ["", "read as a decoder", *_describe_reading(source.reading)]
    if source.encoder_reading is not None:
        lines += ["", "read as its encoder", *_describe_reading(source.encoder_reading)]
    notes = list(source.notes)
    if source.within is not None:
        notes.insert(0, f"this is a file of the bundle {source.within}; describe the bundle to see all of it")
    return lines + [f"note: {note}" for note in notes]


def _describe_bundle(bundle: Bundle) -> list[str]:
    epochs, (elbo, error), count = bundle.epochs, whole_elbo_nats(bundle), _count(bundle)
    lines = [f"size           {_size_bytes(bundle):,} bytes in {len(bundle.files)} files"]
    if epochs:
        lines.append(f"epochs         {len(epochs)} have a decoder of their own, {epochs[0]} to {epochs[-1]}")
    lines.append(f"test images    {f'{count:,}' if count else 'none'}")
    if elbo is not None:
        more = "" if error is None else f" ± {error:.2f}"
        lines.append(f"test ELBO      {elbo:z.2f}{more} nats")
    return lines


def _size_bytes(bundle: Bundle) -> int:
    """The size of all files except the manifest."""
    return sum(fact["size_bytes"] for fact in bundle.manifest["files"].values())


def _count(bundle: Bundle) -> int:
    """How many test images have a posterior in the bundle."""
    posterior = bundle.read_posterior()
    return 0 if posterior is None else len(posterior.mean)


def _file_facts(file: ModelFile) -> dict[str, Any]:
    return {
        "path": str(file.path),
        "size_bytes": file.size_bytes,
        "sha256": file.sha256,
        "producer": file.producer,
        "opsets": dict(file.opsets),
        "parameter_count": file.parameter_count,
        "operators": dict(file.operators),
        "inputs": [dataclasses.asdict(tensor) for tensor in file.inputs],
        "outputs": [dataclasses.asdict(tensor) for tensor in file.outputs],
        "metadata": dict(file.metadata),
    }


def _reading_facts(reading: Reading | EncoderReading) -> dict[str, Any]:
    found = dataclasses.asdict(reading)
    if isinstance(reading, Reading):
        found["prior"] = reading.prior.text
    return found | {"guesses": sorted(reading.guesses)}


def _describe_file(file: ModelFile) -> list[str]:
    opsets = ", ".join(f"{domain or 'ONNX'} {version}" for domain, version in file.opsets.items())
    common = sorted(file.operators.items(), key=lambda item: -item[1])
    operators = ", ".join(f"{name} × {count}" for name, count in common[:MOST_OPERATORS])
    if len(common) > MOST_OPERATORS:
        operators += f", and {len(common) - MOST_OPERATORS} more kinds"
    return [
        f"  made by      {file.producer or 'unknown'}; operators of {opsets}",
        f"  size         {file.size_bytes:,} bytes, {file.parameter_count:,} parameters",
        f"  operators    {operators}",
        f"  takes        {', '.join(tensor.in_words() for tensor in file.inputs)}",
        f"  gives        {', '.join(tensor.in_words() for tensor in file.outputs)}",
    ]


def _describe_input(other: OtherInput) -> str:
    number = with_hyphen(InputValue(other.name, other.value).number)
    return f"{other.name} = {number}{' (the index of the 1 in a one-hot vector)' if other.one_hot else ''}"


def _describe_reading(reading: Reading | EncoderReading) -> list[str]:
    lines = []
    for field in dataclasses.fields(reading):
        value = getattr(reading, field.name)
        if field.name in ("guesses", "notes") or (field.name == "more_channels" and not value):
            continue
        if field.name == "other_inputs":
            words = ", ".join(map(_describe_input, value))
        elif field.name == "batch":
            words = "any number of pictures" if value is None else f"{value} at once"
        elif isinstance(value, tuple):
            words = " × ".join("N" if size is None else str(size) for size in value)
        else:
            words = "none" if value is None else str(value)
        mark = "   (a guess)" if field.name in reading.guesses else ""
        lines.append(f"  {field.name.replace('_', ' '):<14} {words or 'none'}{mark}")
    return lines


def flat_lines(prefix: str, value: Any) -> list[str]:
    """Return nested facts as lines, each with a name and a value."""
    if not isinstance(value, dict):
        words = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
        return [f"{prefix:<28} {words or 'none'}"]
    return [
        line
        for name, inner in value.items()
        for line in flat_lines(f"{prefix}{' ' * bool(prefix)}{str(name).replace('_', ' ')}", inner)
    ]
