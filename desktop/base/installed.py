"""How this program was installed and started: its version, its commands' names, and missing packages.

`training/installed.py` is the same text, because neither package imports the other.
"""

import importlib.util
import json
import shlex
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from difflib import get_close_matches
from importlib import metadata
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click

DISTRIBUTION = "latent-plane"
RUNTIMES = ("onnxruntime-gpu", "onnxruntime")
TRAINING = (
    *("torch", "matplotlib", "safetensors", "tqdm"),
    *("braceexpand", "filelock", "platformdirs", "pooch", "webdataset"),
)
# The modules that the commands import, by the extra that installs them.
MODULES = {
    "training": TRAINING,
    "export": (*TRAINING, "onnx", "onnxscript", "onnxruntime"),
    "page": ("onnx", "onnxruntime"),
    "desktop": (
        *("contourpy", "filelock", "matplotlib", "onnx", "onnxruntime", "platformdirs", "google.protobuf"),
        "psutil",
    ),
}
# The packages that run the commands of each extra. In a checkout, modules of other projects can have these
# names too; a wheel has them below latent_plane.
PACKAGES = {
    "training": ("training",),
    "export": ("export", "training"),
    "page": ("export", "training"),
    "desktop": ("desktop", "export"),
}
# The folder that holds the packages.
HOME = Path(__file__).resolve().parents[__name__.count(".")]


class Choice(click.Choice[str]):
    """A choice whose error message suggests the value that is most like the one given."""

    def get_invalid_choice_message(self, value: Any, ctx: click.Context | None) -> str:
        """Click's message, followed by the value that was probably meant."""
        said = super().get_invalid_choice_message(value, ctx)
        near = get_close_matches(str(value).lower(), map(str.lower, self.choices), 1)
        return f"{said} Did you mean {near[0]!r}?" if near else said


def message_of(error: click.ClickException) -> str:
    """Click's message. For an unknown option, it suggests only options whose names are near.

    Click compares them with their dashes, by which `--epocs` is near `--help`, too.
    """
    if not isinstance(error, click.NoSuchOption):
        return error.format_message()
    near = get_close_matches(
        error.option_name.lstrip("-"), [option.lstrip("-") for option in error.possibilities or ()]
    )
    options = [option for option in error.possibilities or () if option.lstrip("-") in near]
    return click.NoSuchOption(error.option_name, error.message, options).format_message()


def program_version() -> str:
    """The installed program's version, or "unknown" if it is not installed."""
    try:
        return metadata.version(DISTRIBUTION)
    except metadata.PackageNotFoundError:
        return "unknown"


def version_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the option --version to a command."""
    return click.version_option(program_version(), message="%(prog)s %(version)s")(command)


def as_called(name: str) -> str:
    """The console script that was started, such as latent-plane-fit; `name` if it was none."""
    script = Path(sys.argv[0]).stem if sys.argv else ""
    return script if script.startswith(DISTRIBUTION) else name


def install_line(extra: str) -> str:
    """The command that adds an extra to this program, from the source that the program was installed from."""
    try:
        origin = json.loads(metadata.distribution(DISTRIBUTION).read_text("direct_url.json") or "{}")
    except (metadata.PackageNotFoundError, ValueError):
        origin = {}
    if (
        extra in ("desktop", "export", "page")
        and _is_installed("onnxruntime")
        and not _is_installed("onnxruntime-gpu")
    ):
        extra += "-cpu"  # the other runtime would overwrite this one
    return f"{_installer()} {_source(origin, extra)}"


def _installer() -> str:
    """The command that installs a package into this environment and keeps the packages already there."""
    if (Path(sys.prefix) / "pipx_metadata.json").is_file():
        return f"pipx runpip {DISTRIBUTION} install"
    if (Path(sys.prefix) / "uv-receipt.toml").is_file():
        return f"uv pip install --python {_quoted(sys.prefix)}"
    return "pip install"


def _source(origin: dict[str, Any], extra: str) -> str:
    """What to install, given the record of where it came from (PEP 610)."""
    url = str(origin.get("url", ""))
    if url.startswith("file:"):
        from urllib.request import url2pathname  # with http and ssl, so imported only when needed

        editable = "-e " if origin.get("dir_info", {}).get("editable") else ""
        return editable + _quoted(f"{url2pathname(urlsplit(url).path)}[{extra}]")
    if url:
        version_control = origin.get("vcs_info", {}).get("vcs")
        return _quoted(f"{DISTRIBUTION}[{extra}] @ {f'{version_control}+' if version_control else ''}{url}")
    if (HOME / "pyproject.toml").is_file():
        return "-e " + _quoted(f"{HOME}[{extra}]")
    # Not by the name alone: nobody has published it, so on a package index it could be somebody else's.
    return f"'WHEEL[{extra}]', where WHEEL is the file that {DISTRIBUTION} {program_version()} came in"


def _quoted(text: str) -> str:
    return f'"{text}"' if sys.platform == "win32" else shlex.quote(text)


@contextmanager
def needed(extra: str, name: str, module: str, *more: str) -> Iterator[None]:
    """Around a command's first imports: report a missing module in one line and end with exit status 2.

    If another program imports the command's module, ImportError is raised instead.

    Args:
        extra: the extra that installs what the command needs.
        name: the command's name if no console script was started.
        module: the `__name__` of the command's module.
        more: modules that the command needs beside those of `MODULES`.
    """
    try:
        for package in PACKAGES[extra] if __name__.partition(".")[0] in PACKAGES else ():
            _check_own(package)
        for other in (*MODULES[extra], *more):
            _check(other, extra)
        yield
    except ImportError as error:
        if module != "__main__" and not as_called(""):
            raise
        click.echo(f"{as_called(name)}: {' '.join(str(error).split())}", err=True)
        sys.exit(2)


def _check_own(package: str) -> None:
    """Raise ImportError if the name of this program's package leads to another project's module."""
    spec = importlib.util.find_spec(package)
    places = [] if spec is None else [spec.origin, *(spec.submodule_search_locations or ())]
    for place in filter(None, places):
        if not Path(place).resolve().is_relative_to(HOME / package):
            raise ImportError(
                f"found another module named {package!r}: {place}, expected {HOME / package}; rename that "
                "one, or start in another folder",
                name=package,
            )


def _check(module: str, extra: str) -> None:
    """Raise ImportError if a module is missing, or if a part of its files is."""
    spec = importlib.util.find_spec(module)
    if spec is None or (spec.origin is None and module != "onnxruntime"):
        raise ModuleNotFoundError(f"found no {module}, expected it; {install_line(extra)}", name=module)
    if spec.origin is None:
        # ONNX Runtime's two distributions share a folder, and removing one deletes some files of the other.
        left = next((runtime for runtime in RUNTIMES if _is_installed(runtime)), None)
        mend = f"pip install --force-reinstall --no-deps {left}=={metadata.version(left)}" if left else ""
        raise ImportError(
            f"found onnxruntime with files missing, as after removing one of {' and '.join(RUNTIMES)}, which "
            f"share a folder; expected one of them, complete; {mend or install_line(extra)}",
            name=module,
        )


def _is_installed(distribution: str) -> bool:
    try:
        metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return False
    return True
