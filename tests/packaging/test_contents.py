"""The app leaves out only files that the viewer never uses; a library stays if a file is linked to it."""

import pytest

QT = "PySide6/Qt/plugins"


@pytest.mark.parametrize(
    "path",
    [
        f"{QT}/platforms/libqxcb.so",
        f"{QT}/platforms/libqwayland.so",
        f"{QT}/platforms/libqoffscreen.so",
        f"{QT}/imageformats/libqsvg.so",
        f"{QT}/iconengines/libqsvgicon.so",
        f"{QT}/wayland-shell-integration/libxdg-shell.so",
        r"PySide6\plugins\platforms\qwindows.dll",
        "PySide6/Qt/lib/libQt6Core.so.6",
        "latent_plane/desktop/vetting/trial_child.py",
        "latent_plane/desktop/widgets/common/icon/latent-plane.svg",
        "latent_plane/export/page/js/app.js",
        "matplotlib/mpl-data/fonts/ttf/DejaVuSans-Bold.ttf",
        "matplotlib/mpl-data/matplotlibrc",
        "onnxruntime/capi/onnxruntime_pybind11_state.cpython-311-x86_64-linux-gnu.so",
        "numpy.libs/libscipy_openblas64_-32a4b2a6.so",
        "libxcb-cursor.so.0",
    ],
)
def test_what_the_viewer_needs_stays(packaging, path):
    """These are Qt's window plugins, the style sheet's pictures, fonts, the trial's file, the page's code."""
    assert packaging.contents.stays(path)


@pytest.mark.parametrize(
    "path",
    [
        f"{QT}/platformthemes/libqgtk3.so",
        f"{QT}/platforminputcontexts/libqtvirtualkeyboardplugin.so",
        f"{QT}/sqldrivers/libqsqlite.so",
        f"{QT}/imageformats/libqtiff.so",
        f"{QT}/tls/libqopensslbackend.so",
        "PySide6/Qt/translations/qtbase_de.qm",
        "latent_plane/training/data/mnist.xz",
        "matplotlib/mpl-data/sample_data/topobathy.npz",
        "matplotlib/mpl-data/fonts/ttf/STIXGeneral.ttf",
        "onnx/backend/test/data/node/test_abs/model.onnx",
        "onnxruntime/capi/libonnxruntime.so.1.31.1",
        "libX11.so.6",
        "libstdc++.so.6",
    ],
)
def test_what_the_viewer_does_not_use_is_left_out(packaging, path):
    """These are GTK, databases, codecs, translations, samples, and libraries that every desktop has."""
    assert not packaging.contents.stays(path)


def test_of_the_formats_of_imageio_pillow_s_stays(packaging):
    """The others are for medicine, film and cameras."""
    names = ("imageio", "imageio.plugins", "imageio.plugins.pillow", "imageio.plugins.dicom", "av.plugins")
    assert [name for name in names if not packaging.contents.module_stays(name)] == ["imageio.plugins.dicom"]


def test_a_library_stays_only_if_something_is_linked_to_it(packaging):
    """Links through other libraries count too; symbolic links to a removed library are removed."""
    entries = [
        ("a/ext.so", "/s/ext.so", "EXTENSION"),
        ("lib/libone.so.1", "/s/libone.so.1", "BINARY"),
        ("lib/libtwo.so.2", "/s/libtwo.so.2.0", "BINARY"),
        ("lib/libother.so", "/s/libother.so", "BINARY"),
        ("libtwo.so.2", "lib/libtwo.so.2", "SYMLINK"),
        ("libother.so", "lib/libother.so", "SYMLINK"),
        (f"{QT}/platforms/libqxcb.so", "/s/libqxcb.so", "BINARY"),
        ("notes.txt", "/s/notes.txt", "DATA"),
    ]
    needs = {"/s/ext.so": ["libone.so.1", "libc.so.6"], "/s/libone.so.1": ["libtwo.so.2"]}
    kept = packaging.contents.linked(entries, lambda source: needs.get(source, []))
    assert [entry[0] for entry in kept] == [
        "a/ext.so",
        "lib/libone.so.1",
        "lib/libtwo.so.2",
        "libtwo.so.2",
        f"{QT}/platforms/libqxcb.so",
        "notes.txt",
    ]


def test_a_machine_without_libraries_of_x11_is_told(packaging):
    """An app that is built on such a machine would start on few desktops."""
    entries = [("p/libqxcb.so", "/s/libqxcb.so", "BINARY"), ("libxcb-xkb.so.1", "/s/x", "BINARY")]
    needs = {"/s/libqxcb.so": ["libxcb-xkb.so.1", "libxcb-cursor.so.0", "libxcb.so.1"]}
    assert packaging.contents.missing(entries, lambda source: needs.get(source, [])) == ["libxcb-cursor.so.0"]
