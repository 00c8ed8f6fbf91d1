"""Recognizes files and folders that are neither a bundle nor an ONNX model, and says what to do with them.

A file is recognized by its content, or else by its ending, and people are told how to get an ONNX model.

Nothing is unpacked or unpickled: a zip is recognized by the names at its beginning and its end, every other
file by its first bytes.
"""

import mmap
import os
import shlex
import stat
from itertools import islice
from pathlib import Path

HEAD_BYTES = 1 << 12
TAIL_BYTES = 1 << 16  # of a zip, whose list of names is at its end
ZIP_START = b"PK\x03\x04"
GUIDE = "see 'Getting to ONNX' in desktop/README.md"
PYTORCH = f"build its decoder in PyTorch, load these weights, and export it with torch.onnx.export; {GUIDE}"
TORCHSCRIPT = f"load it with torch.jit.load, and export it with torch.onnx.export and dynamo=False; {GUIDE}"
EXPORTED = f"load it with torch.export.load, and export it with torch.onnx.export; {GUIDE}"
KERAS = (
    "load it in Keras, call its decoder once, and export that with "
    f"decoder.export('decoder.onnx', format='onnx'); {GUIDE}"
)
TF2ONNX = "convert it with python -m tf2onnx.convert"
SAVED = f"{TF2ONNX} --saved-model FOLDER --output decoder.onnx; {GUIDE}"
FROZEN = f"{TF2ONNX} --graphdef FILE --inputs z:0 --outputs NAME:0 --output decoder.onnx; {GUIDE}"
TFLITE = f"{TF2ONNX} --tflite FILE --output decoder.onnx; {GUIDE}"
PICKLE = f"load it in the program that wrote it, and export its decoder to ONNX; {GUIDE}"
STYLEGAN = f"load it in a clone of NVIDIA's repository, and export G_ema with torch.onnx.export; {GUIDE}"
SKLEARN = f"load it in scikit-learn, and convert it with skl2onnx.to_onnx; {GUIDE}"
SAFETENSORS = f"load it into its network (diffusers, PyTorch, JAX), and export the decoder to ONNX; {GUIDE}"
DIFFUSERS = f"load it in diffusers, and export its VAE's decode with torch.onnx.export; {GUIDE}"
ORIGINAL = f"take the model from which it was made, and export that to ONNX; {GUIDE}"

Format = tuple[str, str]  # the format in words, and what to do with the file
ZIP = (
    "a zip (PyTorch, Keras or a bundle?)",
    f"rename it to end in .latent if it is a bundle; otherwise {GUIDE}",
)
VIDEO = "a video", "play it in a player; of films, GIF, WebP and APNG open again with their view"
# Formats by a file's first bytes.
STARTS: tuple[tuple[bytes, str, str], ...] = (
    (b"version https://git-lfs", "a git-LFS pointer", "fetch the file itself with git lfs pull"),
    (b"\x89HDF\r\n\x1a\n", "an HDF5 file (Keras?)", KERAS),
    (b"PK\x05\x06", "an empty zip", "export the model to ONNX"),
    (b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19", "an old checkpoint of PyTorch", PYTORCH),
    (b"\x89PNG", "a PNG picture", "open a model first"),
    (b"\xff\xd8\xff", "a JPEG picture", "open a model first"),
    (b"GIF8", "a GIF", "open a model first"),
    (b"\x1aE\xdf\xa3", *VIDEO),
    (b"\x1f\x8b", "a gzip file", "unpack it"),
    (b"%PDF", "a PDF", "choose a model file"),
    (b"GGUF", "a GGUF file", ORIGINAL),
    (b"\x7fELF", "a program", "choose a model file"),
    (b"ORTM", "a model in ONNX Runtime's own format", "open the .onnx from which it was made"),
)
# FlatBuffers have an identifier of their kind at byte 4.
FLATBUFFERS: dict[bytes, Format] = {
    b"TFL3": ("a TensorFlow Lite model", TFLITE),
    b"ORTM": ("a model in ONNX Runtime's own format", "open the .onnx from which it was made"),
}
# MP4 and some kinds of pictures have this at byte 4, and then what they are.
MP4_START, MP4_PICTURES = b"ftyp", (b"avif", b"avis", b"heic", b"heix", b"mif1", b"msf1")
# Kinds of pickles, by words near their beginning.
PICKLED: tuple[tuple[bytes, str, str], ...] = (
    (b"torch_utils.persistence", "a pickle of StyleGAN", STYLEGAN),
    (b"dnnlib", "a pickle of StyleGAN", STYLEGAN),
    (b"torch", "a pickle of PyTorch", PYTORCH),
    (b"sklearn", "a pickle of scikit-learn", SKLEARN),
)
# Kinds of zips, by the names in them. An exported program also holds a checkpoint, of its sample inputs, so
# it comes first.
ZIPPED: tuple[tuple[bytes, str, str], ...] = (
    (b"model.weights.h5", "a Keras model", KERAS),
    (b"serialized_exported_program.json", "an exported program of PyTorch", EXPORTED),
    (b"models/model.json", "an exported program of PyTorch", EXPORTED),
    (b"constants.pkl", "a TorchScript model", TORCHSCRIPT),
    (b"data.pkl", "a PyTorch checkpoint", PYTORCH),
)
# Formats by a file's ending, for files whose content does not show it.
ENDINGS: dict[str, Format] = {
    ".pt": ("no checkpoint of PyTorch that is whole", PYTORCH),
    ".pth": ("no checkpoint of PyTorch that is whole", PYTORCH),
    ".ckpt": ("a checkpoint of TensorFlow or PyTorch", f"load it there and export the decoder; {GUIDE}"),
    ".pb": ("a graph of TensorFlow", FROZEN),
    ".joblib": ("a pickle of joblib (scikit-learn?)", SKLEARN),
    ".mlmodel": ("a Core ML model", ORIGINAL),
    ".msgpack": ("weights of a JAX network", f"load them into the network and use jax2onnx.to_onnx; {GUIDE}"),
    ".engine": ("an engine of TensorRT", "open the .onnx from which it was made"),
    ".plan": ("an engine of TensorRT", "open the .onnx from which it was made"),
    ".xml": ("a model of OpenVINO", "open the model from which it was made, exported to ONNX"),
    ".caffemodel": ("weights of Caffe", "convert the model to ONNX first"),
}
MARKUP = (b"<!doctype", b"<html", b"<?xml", b"<head", b"{")
MANIFEST = b"manifest.json"
SAVED_MODEL = "saved_model.pb"
PICTURE_SUFFIXES = (
    ".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif", ".tiff", ".avif", ".heic", ".heif",
)  # fmt: skip
MOST_ENTRIES = 1_000  # at most so many files of a folder are looked at
PICTURES = (
    "fit a model to it with python -m training.fit --data {}, or drop it on the window of an open model"
)
# A folder of diffusers, of one network or of a whole pipeline, has one of these files.
DIFFUSERS_FILES = ("diffusion_pytorch_model.safetensors", "diffusion_pytorch_model.bin", "model_index.json")


def format_of(path: Path, data: bytes | mmap.mmap) -> Format | None:
    """A file's format by its content, and what to do; None if it may be an ONNX model."""
    head = data[:HEAD_BYTES]
    if head.startswith(ZIP_START):
        return _zipped(head, data[-TAIL_BYTES:]) or ZIP
    for start, what, to_do in STARTS:
        if head.startswith(start):
            return what, to_do
    if head[:1] == b"\x80" and head[1:2] in b"\x02\x03\x04\x05":
        found = ((what, to_do) for word, what, to_do in PICKLED if word in head)
        return next(found, ("a pickle", PICKLE))
    if head[4:8] == MP4_START:
        return ("an AVIF or HEIC picture", "open a model first") if head[8:12] in MP4_PICTURES else VIDEO
    if head[4:8] in FLATBUFFERS:
        return FLATBUFFERS[head[4:8]]
    if head[8:10] == b'{"' and 0 < int.from_bytes(head[:8], "little") < 1 << 30:
        return "weights without their network (safetensors)", SAFETENSORS
    first = head[:512].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if first.startswith(b"<?xml") and path.suffix.lower() in ENDINGS:
        return ENDINGS[path.suffix.lower()]
    if first.startswith(MARKUP):
        return "JSON text" if first.startswith(b"{") else "a web page", "fetch the file itself"
    return None


def format_by_ending(path: Path) -> Format | None:
    """The probable format of a file by its ending, and what to do; None for an unknown ending."""
    if path.name == SAVED_MODEL:
        return "a SavedModel of TensorFlow", SAVED
    return ENDINGS.get(path.suffix.lower())


def folder_or_zip_format(path: Path) -> Format | None:
    """The format of a folder or a zip, and what to do; None if it may be a bundle or is unknown."""
    try:
        if path.is_dir():
            if (path / SAVED_MODEL).is_file():
                return "a SavedModel of TensorFlow", SAVED
            is_bundle = (path / "manifest.json").exists()
            if not is_bundle and any((path / name).is_file() for name in DIFFUSERS_FILES):
                return "a folder of diffusers", DIFFUSERS
            if path.suffix.lower() == ".mlpackage":
                return ENDINGS[".mlmodel"]
            return None if is_bundle else _other_folder(path)
        if not stat.S_ISREG(path.stat().st_mode):  # opening a pipe would wait for a writer
            return None
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
            if not head.startswith(ZIP_START):
                return None
            file.seek(max(0, file.seek(0, os.SEEK_END) - TAIL_BYTES))
            tail = file.read(TAIL_BYTES)
            return _zipped(head, tail) or _zipped_pictures(path, head, tail)
    except OSError:
        return None  # opening it later reports the error


def other_format(path: Path) -> Format | None:
    """The format of a folder or a file, and what to do; None if it may be a bundle or an ONNX model."""
    found = folder_or_zip_format(path)
    try:
        if found is not None or not stat.S_ISREG(path.stat().st_mode):
            return found
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
    except OSError:
        return None
    return None if head.startswith(ZIP_START) else format_of(path, head) or format_by_ending(path)


def _other_folder(path: Path) -> Format | None:
    """The format of a folder without a manifest: a run, or pictures in it or in its subfolders."""
    quoted = shlex.quote(str(path))
    if (path / "weights").is_dir():  # its previews are pictures
        is_whole = (path / "config.json").is_file()
        return ("a run", f"export it with python -m export.onnx {quoted}") if is_whole else None
    entries = list(islice(path.iterdir(), MOST_ENTRIES))
    if any(map(_is_picture, entries)):
        return "a folder of pictures", PICTURES.format(quoted)
    folders = [entry for entry in entries if entry.is_dir()]
    if any(_is_picture(place) for folder in folders for place in islice(folder.iterdir(), MOST_ENTRIES)):
        return "folders of pictures", PICTURES.format(quoted)
    return None


def _zipped_pictures(path: Path, head: bytes, tail: bytes) -> Format | None:
    """A zip of pictures or of arrays. The names of a zip are in its tail."""
    if MANIFEST in head or MANIFEST in tail:
        return None
    quoted = shlex.quote(str(path))
    if path.suffix.lower() == ".npz" and path.name != "posterior.npz":
        return "arrays of NumPy", f"if they are pictures, {PICTURES.format(quoted)}"
    if any(suffix.encode() in tail.lower() for suffix in PICTURE_SUFFIXES):
        return "a zip of pictures", PICTURES.format(quoted)
    return None


def _is_picture(path: Path) -> bool:
    return path.suffix.lower() in PICTURE_SUFFIXES and not path.name.startswith(".")


def _zipped(head: bytes, tail: bytes) -> Format | None:
    if MANIFEST in head or MANIFEST in tail:
        return None
    return next(((what, to_do) for name, what, to_do in ZIPPED if name in head or name in tail), None)
