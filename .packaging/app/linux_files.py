"""What the app's folder holds on Linux beside the program, and the folder as one file that unpacks itself."""

import hashlib
import os
import platform
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path

from icons import SIZES_PX

HERE = Path(__file__).parent / "linux"
NAME = "latent-plane"
COMMANDS = ("render", "inspect", "page")
LARGEST_ICON_PX = 256
# tar's letter for xz: two thirds of gzip's size, and it is unpacked only once.
COMPRESSION = "J"
MOST_MB = 200


def add_files(folder: Path, drawing: Path, pictures: Path) -> None:
    """Put the other commands, the installer, the desktop's files and the icon into the app's folder."""
    for command in COMMANDS:
        link = folder / f"{NAME}-{command}"
        link.unlink(missing_ok=True)
        link.symlink_to(NAME)
    for name in ("install", "README.txt"):
        shutil.copy(HERE / name, folder)
    share = folder / "share"
    copies = {
        HERE / f"{NAME}.desktop": share / "applications",
        HERE / f"{NAME}.xml": share / "mime" / "packages",
        drawing: share / "icons" / "hicolor" / "scalable" / "apps",
    }
    for source, target in copies.items():
        target.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, target)
    for size_px in SIZES_PX:
        if size_px <= LARGEST_ICON_PX:
            target = share / "icons" / "hicolor" / f"{size_px}x{size_px}" / "apps"
            target.mkdir(parents=True, exist_ok=True)
            shutil.copy(pictures / f"{size_px}.png", target / f"{NAME}.png")


def size_bytes(folder: Path) -> int:
    """What the files of a folder take, links not followed."""
    return sum(file.lstat().st_size for file in folder.rglob("*") if file.is_symlink() or file.is_file())


def one_file(folder: Path, version: str, machine: str) -> Path:
    """Write the folder as one file beside it, which unpacks itself and starts the viewer."""
    out = folder.parent / f"{NAME}-{version}-linux-{machine}.run"
    archive = folder.parent / f"{out.name}.tar"
    # The same files give the same bytes.
    tar = ["tar", f"-c{COMPRESSION}f", archive, "--sort=name", "--owner=0", "--group=0", "--numeric-owner"]
    variables = os.environ | {"XZ_OPT": "-6 --threads=2"}
    subprocess.run([*tar, "--mtime=@0", "-C", folder, "."], check=True, env=variables)
    with archive.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    header = (HERE / "run_header.sh").read_text()
    values = {
        "VERSION": version,
        "FILE": out.name,
        "HASH": digest[:12],
        "COMPRESSION": COMPRESSION,
        "SIZE_MB": str(-(-size_bytes(folder) // 10**6)),
        "LINES": str(header.count("\n") + 1),
    }
    for name, value in values.items():
        header = header.replace(f"@{name}@", value)
    new = out.with_suffix(".new")
    with new.open("wb") as target, archive.open("rb") as source:
        target.write(header.encode())
        shutil.copyfileobj(source, target)
    new.chmod(0o755)
    new.replace(out)
    archive.unlink()
    return out


def main() -> None:
    """Write the folder that is named on the command line as one file, and say how large both are."""
    folder = Path(sys.argv[1])
    version, machine = metadata.version(NAME), platform.machine()
    size_mb = size_bytes(folder) / 1e6
    if size_mb > MOST_MB:
        sys.exit(
            f"{folder}: found {size_mb:.1f} MB, expected at most {MOST_MB}; leave more out in contents.py"
        )
    out = one_file(folder, version, machine)
    print(f"{folder}: {size_mb:.0f} MB")  # noqa: T201
    print(f"{out}: {out.stat().st_size / 1e6:.0f} MB")  # noqa: T201


if __name__ == "__main__":
    main()
