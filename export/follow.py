"""Exports a run while it is running: each epoch is added to the bundle when training finishes it.

Snapshots of the first epoch, if the fit takes any, are in its place until that epoch is finished.
"""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from export.bundle import Bundle, write_bundle
from export.exporter import EARLY_IMAGES, Exporter
from export.growing import grow_bundle, settle_bundle
from training.runs import (
    CONFIG_FILE,
    RUNS_FOLDER,
    Run,
    RunError,
    is_fitting,
    is_free,
    is_started,
    newest_run,
    read_failure,
    read_started_run,
    weights_path,
)
from training.snapshot import read_snapshot

# How long to wait before checking the run for a new epoch again.
POLL_S = 0.25
# After exporting a snapshot, pause for this many times as long, to leave the machine to the fit.
REST = 3
# Grace period for readers that hold the previous manifest, after the last one is written.
GRACE_S = 1.0
# The manifest's key for a fit that has stopped before its last epoch.
STOPPED = "stopped"


class StoppedError(Exception):
    """A person asked to stop. All files written so far are complete."""


def wait_for_run(folder: Path | None, stop_requests: list[int], say: Callable[[str], object]) -> Run:
    """Wait until the run in `folder`, by default the newest run, exists and has its first weights.

    Raises RunError if the folder holds something else, StoppedError if asked to stop.
    """
    is_told = False
    while True:
        found = folder if folder is not None else _newest()
        if found is not None and (is_started(found) or not is_free(found)):
            run = read_started_run(found)
            if run.metrics or weights_path(run, 0).is_file():
                return run
        if not is_told:
            say(f"waiting for {_awaited(folder, found)}")
            is_told = True
        _pause(stop_requests)


def follow_run(
    run: Run,
    out: Path,
    exporter: Exporter,
    overwrite: bool,
    stop_requests: list[int],
    on_growth: Callable[[Bundle, tuple[int, ...]], object],
) -> Bundle:
    """Export a run's epochs as they are finished, until it has all of them. Returns the finished bundle.

    While the fit is interrupted, or after it ended in an error, the manifest says so under STOPPED. An
    interrupted fit may be resumed, so it is still followed.

    After each write, `on_growth` is called with the bundle and its new epochs, or with no epochs if only a
    snapshot is new or STOPPED has changed. Raises StoppedError between epochs if asked to stop, RunError if
    the fit ended in an error or another run has taken its place, and the errors of `export_run`. The bundle
    written so far stays and is complete.
    """
    bundle: Bundle | None = None
    has_grown = False
    was_fitting, told_stop = False, None
    snapshot_step, rested_at = 0, 0.0
    try:
        while True:
            # In this order: a fit notes its failure before it unlocks the folder, and finishes epochs before
            # both.
            is_running = is_fitting(run.folder)
            was_fitting = was_fitting or is_running is True
            failure = read_failure(run)
            run = _read_again(run)
            new = exporter.to_export(run, goes_on=failure is None)
            for epoch in new:
                exporter.add_epoch(run, epoch)
                if stop_requests:
                    raise StoppedError
            # Epoch 0 is written before any snapshot, so that there is something to see at once.
            started_at = time.monotonic()
            is_due = not new and started_at >= rested_at
            snapshot = read_snapshot(run, snapshot_step) if is_due else None
            if snapshot is not None:
                exporter.add_snapshot(snapshot)
                snapshot_step = snapshot.step
            is_whole = len(run.metrics) == run.config.epochs
            # A fit that was never seen to run may be one on another machine, whose locks are not seen here.
            is_interrupted = was_fitting and is_running is False
            stop = None if is_whole else _stop(run, failure is not None, is_interrupted)
            if new or snapshot is not None or (bundle is not None and stop != told_stop):
                content = exporter.content(None if is_whole else EARLY_IMAGES)
                facts = {**content.facts, **({} if stop is None else {STOPPED: stop})}
                if bundle is None:
                    bundle = write_bundle(out, facts, content.files, overwrite)
                else:
                    has_grown = True
                    bundle = grow_bundle(bundle, facts, content.files)
                told_stop = stop
                on_growth(bundle, new)
            if snapshot is not None:
                now = time.monotonic()
                rested_at = now + REST * (now - started_at)
            if bundle is not None and is_whole:
                return bundle
            if failure is not None:
                raise RunError(
                    f"{run.folder}: found that the fit ended after epoch {len(run.metrics)} of "
                    f"{run.config.epochs} ({failure}), expected it to go on; {out} has the epochs until then"
                )
            _pause(stop_requests)
    finally:
        if bundle is not None and has_grown:
            time.sleep(GRACE_S)
            settle_bundle(bundle)


def _stop(run: Run, has_failed: bool, is_interrupted: bool) -> dict[str, Any] | None:
    """What the manifest says of a fit that has stopped; None of one that goes on."""
    if not has_failed and not is_interrupted:
        return None
    # Not the error's text, which may name folders: a bundle is for other people, too.
    return {"after_epoch": len(run.metrics), "by": "error" if has_failed else "interruption"}


def _pause(stop_requests: list[int]) -> None:
    if stop_requests:
        raise StoppedError
    time.sleep(POLL_S)


def _newest() -> Path | None:
    try:
        return newest_run(started=True)
    except RunError:
        return None


def _awaited(folder: Path | None, found: Path | None) -> str:
    if found is not None and is_started(found):
        return f"the first weights of {found}"
    if folder is None:
        return f"a run under {RUNS_FOLDER}; start one with python -m training.fit"
    return f"{folder}; start the run with python -m training.fit --out {folder}"


def _read_again(before: Run) -> Run:
    """Read the run as it is now. Raises RunError if another run has taken its place."""
    run = read_started_run(before.folder)
    if run.config != before.config:
        raise RunError(
            f"{run.folder / CONFIG_FILE}: found a config that has changed, expected that of the run "
            "that is followed; follow the new run with another --out, or with --overwrite"
        )
    return run
