"""Makes the app smaller on Linux: libraries without symbols for debuggers, ICU without its languages."""

import re
import struct
import subprocess
from fnmatch import fnmatchcase
from pathlib import Path

# Of ICU's 32 MB the app keeps what does not depend on a language: how texts are sorted and compared, and time
# zones. Qt knows languages by itself, and the window speaks English.
ICU_PARTS = (
    "*.nrm",
    "cnvalias.icu",
    "coll/res_index.res",
    "coll/root.res",
    "coll/ucadata.icu",
    "en.res",
    "keyTypeData.res",
    "likelySubtags.res",
    "metaZones.res",
    "numberingSystems.res",
    "pool.res",
    "res_index.res",
    "root.res",
    "supplementalData.res",
    "timezoneTypes.res",
    "windowsZones.res",
    "zoneinfo64.res",
)
ALIGNMENT = 16
ICU_SOURCE = """
.section .rodata
.balign 16
.globl {symbol}
.type {symbol}, %object
{symbol}: .incbin "{data}"
.size {symbol}, . - {symbol}
.section .note.GNU-stack, "", %progbits
"""


def names_needed_by(library: str) -> list[str]:
    """The names of the libraries that one is linked to directly, by its dynamic section."""
    listing = subprocess.run(["readelf", "-dW", library], capture_output=True, text=True, check=True).stdout
    return re.findall(r"\(NEEDED\).*\[(.+)\]", listing)


def stripped(library: Path, out: Path) -> Path:
    """A copy without symbols for debuggers, or the library itself where a copy could not be loaded.

    The libraries of some wheels were edited after they were linked, and `strip` breaks these.
    """
    out.parent.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(["strip", "--strip-unneeded", "-o", out, library], capture_output=True, check=False)
    return out if done.returncode == 0 and is_loadable(out) else library


def is_loadable(library: Path) -> bool:
    """Whether the segments of a library begin in memory as they do in pages of the file."""
    listing = subprocess.run(["readelf", "-lW", library], capture_output=True, text=True, check=True).stdout
    segments = re.findall(r"^\s+LOAD\s+(\w+) (\w+) .* (0x\w+)$", listing, re.MULTILINE)
    numbers = [[int(text, 16) for text in segment] for segment in segments]
    return bool(numbers) and all(
        (offset - address) % alignment == 0 for offset, address, alignment in numbers
    )


def smaller_icu(library: Path, folder: Path) -> Path:
    """Write ICU's library of data anew, with `ICU_PARTS` alone."""
    package = library.read_bytes()
    package = package[package.index(b"CmnD") - 12 :]
    data = smaller_package(package)
    # libicudata.so.73 has one symbol, icudt73_dat.
    symbol = f"icudt{library.name.rpartition('.')[2]}_dat"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "icu.dat").write_bytes(data)
    (folder / "icu.s").write_text(ICU_SOURCE.format(symbol=symbol, data=folder / "icu.dat"))
    subprocess.run(["as", "-o", folder / "icu.o", folder / "icu.s"], check=True)
    out = folder / library.name
    subprocess.run(["ld", "-shared", "-soname", out.name, "-o", out, folder / "icu.o"], check=True)
    return out


def smaller_package(package: bytes) -> bytes:
    """A package of ICU's data with `ICU_PARTS` alone.

    A package is a header, whose first two bytes are its size; the number of entries; for each the places of
    its name and of its data, counted from that number; the names; the data.
    """
    (header_bytes,) = struct.unpack_from("<H", package)
    toc = package[header_bytes:]
    (count,) = struct.unpack_from("<I", toc)
    places = [struct.unpack_from("<II", toc, 4 + 8 * number) for number in range(count)]
    ends = [start for _, start in places[1:]] + [len(toc)]
    entries = []
    for (name_at, start), end in zip(places, ends, strict=True):
        name = toc[name_at : toc.index(b"\0", name_at)]
        part = name.decode().partition("/")[2]
        if any(fnmatchcase(part, pattern) for pattern in ICU_PARTS if ("/" in pattern) == ("/" in part)):
            entries.append((name + b"\0", toc[start:end]))
    if len(entries) < len(ICU_PARTS):
        raise ValueError(f"found {len(entries)} parts in ICU's data, expected at least {len(ICU_PARTS)}")
    names_at = 4 + 8 * len(entries)
    data_at = _aligned(names_at + sum(len(name) for name, _ in entries))
    table, names, data = struct.pack("<I", len(entries)), b"", b""
    for name, content in entries:
        table += struct.pack("<II", names_at + len(names), data_at + len(data))
        names += name
        data += content.ljust(_aligned(len(content)), b"\0")
    return package[:header_bytes] + (table + names).ljust(data_at, b"\0") + data


def _aligned(size: int) -> int:
    return -(-size // ALIGNMENT) * ALIGNMENT
