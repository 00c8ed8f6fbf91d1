"""export/demo.py: fit, export and viewer run side by side, and the end of each is handled."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from export.demo import watch_fit
from tests.waiting import SOON_S, wait_until

# A command that does nothing but wait, and ends at SIGTERM only.
FOREVER = ("sh", "-c", "exec sleep 600")


@pytest.fixture
def bundle(tmp_path) -> Path:
    """The path of the bundle."""
    return tmp_path / "bundle"


def note(tmp_path: Path, word: str, then: str = "") -> tuple[str, str]:
    """A command that writes a word to the file `order`."""
    return "sh", "-c", f"echo {word} >>'{tmp_path}/order'; {then}"


def order(tmp_path: Path) -> list[str]:
    file = tmp_path / "order"
    return file.read_text().split() if file.exists() else []


def writes(bundle: Path, then: str = "") -> tuple[str, ...]:
    return "sh", "-c", f"mkdir '{bundle}' && echo {{}} >'{bundle}/manifest.json'; {then}"


def until(tmp_path: Path, word: str) -> str:
    """Waiting in a shell for a word."""
    return f"until grep -q {word} '{tmp_path}/order' 2>/dev/null; do sleep 0.02; done"


def test_the_viewer_opens_while_the_fit_goes_on(tmp_path, bundle):
    """The viewer opens before the fit ends; after the fit, pictures are drawn while it is still open."""
    status = watch_fit(
        note(tmp_path, "fit", f"{until(tmp_path, 'view')}; echo fitted >>'{tmp_path}/order'"),
        writes(bundle, until(tmp_path, "fitted")),
        bundle,
        note(tmp_path, "view", f"{until(tmp_path, 'drawn')}; echo closed >>'{tmp_path}/order'"),
        note(tmp_path, "drawn"),
    )
    assert status == 0
    assert order(tmp_path) == ["fit", "view", "fitted", "drawn", "closed"]


@pytest.mark.parametrize(("code", "status"), [("exit 2", 2), ("kill -KILL $$", 137)])
def test_a_fit_that_fails_ends_all(bundle, code, status):
    """The fit's status is the demo's, also if it failed before there was a bundle."""
    assert watch_fit(("sh", "-c", code), FOREVER, bundle, FOREVER, ("false",)) == status


def test_an_export_that_fails_ends_the_fit_and_the_viewer(bundle):
    """An export fails, for example, when the disk is full."""
    assert watch_fit(FOREVER, writes(bundle, "exit 3"), bundle, FOREVER, ("false",)) == 3


def test_a_viewer_that_fails_leaves_the_rest_to_be_finished(tmp_path, bundle):
    """The pictures are drawn, and the exit status is the viewer's."""
    fit = ("sh", "-c", until(tmp_path, "view"))
    view = note(tmp_path, "view", "exit 2")
    assert watch_fit(fit, writes(bundle), bundle, view, note(tmp_path, "drawn")) == 2
    assert order(tmp_path) == ["view", "drawn"]


def test_a_signal_ends_all(tmp_path, bundle):
    """SIGTERM is passed on, and the exit status shows it."""

    def send() -> None:
        wait_until(lambda: order(tmp_path))
        os.kill(os.getpid(), signal.SIGTERM)

    sender = threading.Thread(target=send)
    sender.start()
    view = note(tmp_path, "view", "exec sleep 600")
    assert watch_fit(FOREVER, writes(bundle, "exec sleep 600"), bundle, view, ("false",)) == 143
    sender.join()


def test_ctrl_c_in_a_terminal_is_not_sent_twice(tmp_path, bundle):
    """The terminal sends Ctrl-C to its whole group; a second signal would kill a fit in its clean-up."""
    fit = f"""
import signal, sys, time
from pathlib import Path
signals = []
for number in (signal.SIGINT, signal.SIGTERM):
    signal.signal(number, lambda number, _: signals.append(number))
Path({str(tmp_path / "ready")!r}).touch()
while not signals:
    time.sleep(0.01)
time.sleep(0.5)
Path({str(tmp_path / "signals")!r}).write_text(repr(signals))
"""
    demo = f"""
import sys
from pathlib import Path
from export.demo import watch_fit
sys.exit(watch_fit((sys.executable, "-c", {fit!r}), {FOREVER!r}, Path({str(bundle)!r}), (), ()))
"""
    with subprocess.Popen([sys.executable, "-c", demo], start_new_session=True) as process:
        wait_until((tmp_path / "ready").exists)
        os.killpg(process.pid, signal.SIGINT)
        assert process.wait(SOON_S) == 130
    assert (tmp_path / "signals").read_text() == f"[{int(signal.SIGINT)}]"
