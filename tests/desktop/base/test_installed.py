"""A program knows how it was started and installed, and reports missing packages in one line."""

import json
import shutil
import sys
from pathlib import Path

import click
import pytest

from desktop.base import installed
from desktop.base.installed import (
    Choice,
    as_called,
    install_line,
    message_of,
    needed,
    program_version,
    version_option,
)

ROOT = Path(__file__).parents[3]


@pytest.fixture
def path(tmp_path, monkeypatch):
    """A folder that is searched for modules and packages before all others."""
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(folder)
    return folder


@pytest.fixture
def came_from(path):
    """`came_from(record)`: install this program in `path`, with this record of its origin."""

    def install(record):
        folder = path / "latent_plane-7.8.9.dist-info"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: latent-plane\nVersion: 7.8.9\n")
        if record is not None:
            (folder / "direct_url.json").write_text(json.dumps(record))

    return install


def test_both_packages_have_the_same_text():
    """Neither package imports the other, so each has the file; only the line that names the other differs."""
    here, there = "desktop/base/installed.py", "training/installed.py"
    text = (ROOT / here).read_text()
    assert f"`{there}` is the same text" in text
    assert (ROOT / there).read_text() == text.replace(f"`{there}` is", f"`{here}` is")


@pytest.mark.parametrize(
    ("record", "line"),
    [
        ({"url": "file:///a/check%20out", "dir_info": {"editable": True}}, "-e '/a/check out[video]'"),
        ({"url": "file:///a/checkout", "dir_info": {}}, "'/a/checkout[video]'"),
        ({"url": "file:///dist/x-1-py3-none-any.whl"}, "'/dist/x-1-py3-none-any.whl[video]'"),
        (
            {"url": "https://example.org/x.git", "vcs_info": {"vcs": "git", "commit_id": "0"}},
            "'latent-plane[video] @ git+https://example.org/x.git'",
        ),
        ({"url": "https://example.org/x.whl"}, "'latent-plane[video] @ https://example.org/x.whl'"),
        (None, f"-e '{ROOT}[video]'"),
    ],
)
@pytest.mark.skipif(sys.platform == "win32", reason="paths and quotes of Linux and macOS")
def test_an_extra_is_installed_from_where_the_program_came(came_from, record, line):
    """From a checkout, a wheel or a repository; never by name alone, which anybody could use on an index."""
    came_from(record)
    assert install_line("video") == f"pip install {line}"


@pytest.mark.parametrize(
    ("file", "tool"),
    [
        ("pipx_metadata.json", "pipx runpip latent-plane install"),
        ("uv-receipt.toml", "uv pip install --python PREFIX"),
    ],
)
def test_the_tool_that_made_the_environment_is_named(tmp_path, monkeypatch, file, tool):
    """An environment of pipx or of uv's tools is changed by that tool."""
    (tmp_path / file).touch()
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    assert install_line("video").startswith(f"{tool.replace('PREFIX', str(tmp_path))} ")


@pytest.mark.parametrize(
    ("runtimes", "extras"),
    [
        ([], ["desktop", "export", "video"]),
        (["onnxruntime_gpu"], ["desktop", "export", "video"]),
        (["onnxruntime"], ["desktop-cpu", "export-cpu", "video"]),
    ],
)
def test_one_runtime_does_not_overwrite_the_other(tmp_path, monkeypatch, runtimes, extras):
    """If ONNX Runtime for the CPU is installed, the extras that include it are recommended."""
    for runtime in runtimes:
        folder = tmp_path / f"{runtime}-1.31.1.dist-info"
        folder.mkdir()
        (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {runtime}\nVersion: 1.31.1\n")
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    found = [install_line(extra) for extra in ("desktop", "export", "video")]
    assert all(f"[{extra}]" in line for extra, line in zip(extras, found, strict=True)), found


def refused(capsys, extra="training"):
    """The single line that a command with failing imports prints, with exit status 2."""
    with pytest.raises(SystemExit) as ended, needed(extra, "python -m some.command", "__main__"):
        pass
    assert ended.value.code == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    return err


def test_a_missing_package_is_told_with_what_installs_it(monkeypatch, capsys):
    """The error names the missing module and the extra that has it."""
    monkeypatch.setitem(installed.MODULES, "training", ("json", "no_such_module"))
    line = refused(capsys)
    assert line.startswith("python -m some.command: found no no_such_module, expected it; pip install ")
    assert "[training]" in line


def test_who_imports_a_command_gets_an_import_error(monkeypatch):
    """Only a command ends the process; a notebook that imports the command's module gets an exception."""
    monkeypatch.setitem(installed.MODULES, "training", ("no_such_module",))
    with pytest.raises(ImportError, match="found no no_such_module"), needed("training", "x", "training.fit"):
        pass


def test_what_cannot_be_loaded_is_told_too(monkeypatch, capsys):
    """An ImportError because of a missing system library is reported in the same way."""
    monkeypatch.setitem(installed.MODULES, "training", ())
    with pytest.raises(SystemExit), needed("training", "python -m some.command", "__main__"):
        raise ImportError("libx.so.1: cannot open\nshared object file")
    said = "python -m some.command: libx.so.1: cannot open shared object file\n"
    assert capsys.readouterr().err == said


def test_an_onnx_runtime_that_was_removed_by_half_is_told(path, monkeypatch, capsys):
    """After `pip uninstall` of one of its two distributions, the package's folder has no `__init__.py`."""
    (path / "onnxruntime" / "capi").mkdir(parents=True)
    gpu = path / "onnxruntime_gpu-1.31.7.dist-info"
    gpu.mkdir()
    (gpu / "METADATA").write_text("Metadata-Version: 2.1\nName: onnxruntime-gpu\nVersion: 1.31.7\n")
    monkeypatch.setattr(sys, "path", [str(path)])
    monkeypatch.delitem(sys.modules, "onnxruntime", raising=False)
    monkeypatch.setitem(installed.MODULES, "desktop", ("onnxruntime",))
    monkeypatch.setitem(installed.PACKAGES, "desktop", ())
    assert refused(capsys, "desktop") == (
        "python -m some.command: found onnxruntime with files missing, as after removing one of "
        "onnxruntime-gpu and onnxruntime, which share a folder; expected one of them, complete; "
        "pip install --force-reinstall --no-deps onnxruntime-gpu==1.31.7\n"
    )


@pytest.mark.parametrize("file", ["export.py", "export/__init__.py", "export/other.py"])
def test_another_module_of_our_name_is_told_by_its_file(path, monkeypatch, capsys, file):
    """A module, a package or a folder that would be imported instead of this program's is named."""
    (path / file).parent.mkdir(exist_ok=True)
    (path / file).touch()
    monkeypatch.setattr(sys, "path", [str(path)])
    monkeypatch.delitem(sys.modules, "export", raising=False)
    monkeypatch.setitem(installed.PACKAGES, "training", ("export",))
    monkeypatch.setitem(installed.MODULES, "training", ())
    place = path / file if file != "export/other.py" else path / "export"
    assert refused(capsys) == (
        f"python -m some.command: found another module named 'export': {place}, expected {ROOT / 'export'}; "
        "rename that one, or start in another folder\n"
    )


@pytest.mark.parametrize(
    ("started", "name"),
    [
        ("/home/a/.local/bin/latent-plane-fit", "latent-plane-fit"),
        ("latent-plane.exe", "latent-plane"),
        ("/a/training/fit.py", "python -m x"),
        ("", "python -m x"),
    ],
)
def test_a_command_is_called_as_it_was_called(monkeypatch, started, name):
    """The name is that of the console script, or of the module if that was started."""
    monkeypatch.setattr(sys, "argv", [started])
    assert as_called("python -m x") == name


@click.command()
@click.option("--shape", type=Choice(["circle", "square"]))
@version_option
def draw(shape):
    """Draw."""


def test_a_mistyped_choice_gets_the_near_one():
    """The error lists the values as usual, and suggests the nearest one."""
    with pytest.raises(click.BadParameter, match=r"'circle', 'square'\. Did you mean 'square'\?"):
        draw.main(["--shape", "sqare"], standalone_mode=False)
    with pytest.raises(click.BadParameter, match=r"'circle', 'square'\.$"):
        draw.main(["--shape", "7"], standalone_mode=False)


def test_version_is_that_of_the_installed_program(capsys):
    """--version prints name and version."""
    draw.main(["--version"], prog_name="latent-plane-draw", standalone_mode=False)
    assert capsys.readouterr().out == f"latent-plane-draw {program_version()}\n"


def test_only_options_that_are_near_without_their_dashes_are_suggested():
    """`--epocs` is not answered with `--help`; `--qqq` with nothing."""

    @click.command()
    @click.option("--epochs")
    def command(epochs):
        pass

    for word, said in (("--epocs", "'--epochs'"), ("--qqq", None)):
        with pytest.raises(click.NoSuchOption) as caught:
            command.main([word, "3"], standalone_mode=False)
        assert message_of(caught.value) == f"No such option '{word}'." + (
            f" Did you mean {said}?" if said else ""
        )
