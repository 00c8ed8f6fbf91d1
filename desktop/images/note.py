"""Writes and reads the note, a text in the metadata of an exported picture. No Qt.

    PNG, APNG   an iTXt chunk called `latent-plane`, before the pixels
    GIF         the comment extension
    WebP        Exif's ImageDescription

`png_note` and `webp_note` are keyword arguments for `imageio.imwrite(…, plugin="pillow")`. Pillow is imported
when there is a note to write or to read.
"""

import io
import struct
from pathlib import Path
from typing import Any, BinaryIO

from desktop.images.picture_kinds import kind_of
from desktop.view.provenance import MAX_TEXT_CHARS, is_provenance

KEYWORD = "latent-plane"
# In PNG and GIF the note is before the pixels. In WebP it comes after the chunks of all frames.
HEAD_BYTES, MAX_CHUNKS = 4 << 20, 100_000


def png_note(text: str) -> dict[str, Any]:
    """Return the options that store a note in PNG or APNG. It must be ASCII, as from `provenance.to_text`."""
    from PIL.PngImagePlugin import PngInfo

    info = PngInfo()
    info.add_itxt(KEYWORD, text)
    return {"pnginfo": info}


def webp_note(text: str) -> dict[str, Any]:
    """Return the options that store a note in WebP."""
    from PIL import ExifTags, Image

    exif = Image.Exif()
    exif[ExifTags.Base.ImageDescription] = text
    return {"exif": exif.tobytes()}


def read_note(path: Path) -> str | None:
    """Read the note of a PNG, APNG, GIF or WebP; the format is recognised by content, not by name.

    Returns None if there is no note, if the file is of another kind, or if it cannot be read. The file may
    have any size: no pixel is read.
    """
    try:
        with path.open("rb") as file:
            return _note(file)
    except OSError:
        return None


def note_in(data: bytes) -> str | None:
    """Read the note from a file's bytes, as `read_note` does."""
    return _note(io.BytesIO(data))


def _note(file: BinaryIO) -> str | None:
    from PIL import ExifTags, Image

    from desktop.images import read_image  # noqa: F401 - removes Pillow's own limits

    kind = kind_of(file.read(16))
    file.seek(0)
    found: object = None
    try:
        if kind == ".webp":
            exif = Image.Exif()
            exif.load(_webp_exif(file))
            found = exif.get(ExifTags.Base.ImageDescription)
        elif kind in (".png", ".gif"):
            with Image.open(io.BytesIO(file.read(HEAD_BYTES)), formats=("PNG", "GIF")) as image:
                found = image.info.get(KEYWORD) or image.info.get("comment")
    except Exception:  # decoders of damaged pictures raise any kind of error
        return None
    text = found.decode("ascii", errors="replace") if isinstance(found, bytes) else found
    usable = isinstance(text, str) and len(text) <= MAX_TEXT_CHARS and is_provenance(text)
    return str(text) if usable else None


def _webp_exif(file: BinaryIO) -> bytes:
    """Return the chunk with the Exif data; empty if there is none."""
    file.seek(12)
    for _ in range(MAX_CHUNKS):
        head = file.read(8)
        if len(head) < 8:
            break
        name, size = struct.unpack("<4sI", head)
        if name == b"EXIF":
            return file.read(min(size, HEAD_BYTES))
        file.seek(size + size % 2, io.SEEK_CUR)
    return b""
