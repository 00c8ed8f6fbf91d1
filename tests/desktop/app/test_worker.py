"""One background thread runs the most urgent step first; the latest request wins."""

import itertools
import threading

import pytest
from PySide6.QtWidgets import QWidget

from desktop.app import worker as worker_module
from desktop.app.worker import Priority, Worker
from tests.waiting import SOON_MS, SOON_S, wait_until


@pytest.fixture
def worker(qapp):  # noqa: ARG001 (there must be an application)
    """A worker with an event loop for its results, stopped after the test."""
    worker = Worker()
    yield worker
    worker.stop()


class Log:
    """Records what arrived, in which order, and on which threads."""

    def __init__(self):
        self.events = []
        self.threads = set()

    def __call__(self, event):
        self.events.append(event)
        self.threads.add(threading.get_ident())


class Gate:
    """A generator that waits in its first step until it is released."""

    def __init__(self, values=()):
        self.entered, self.opened, self.closed = threading.Event(), threading.Event(), threading.Event()
        self.values = values
        self.closed_on = None

    def steps(self):
        try:
            self.entered.set()
            assert self.opened.wait(SOON_S)
            yield from self.values
        finally:
            self.closed_on = threading.current_thread()
            self.closed.set()


def fail(error):
    """A callback for requests that must not fail."""
    raise error


def test_results_arrive_in_order_and_then_the_end(worker, qtbot):
    """Each value is passed to `on_result` in order; `on_end` is called once, after the last."""
    log = Log()
    worker.request("a", 0, iter([1, 2, 3]), log, fail, lambda: log("end"))
    qtbot.waitUntil(lambda: log.events[-1:] == ["end"], timeout=SOON_MS)
    assert log.events == [1, 2, 3, "end"]


def test_steps_run_on_the_worker_and_results_arrive_on_the_ui_thread(worker, qtbot):
    """No step runs on the requesting thread, and no result arrives on another thread."""
    log = Log()

    def steps():
        yield threading.get_ident()

    worker.request("a", 0, steps(), log, fail, lambda: log("end"))
    qtbot.waitUntil(lambda: len(log.events) == 2, timeout=SOON_MS)
    assert log.events[0] != threading.get_ident()
    assert log.threads == {threading.get_ident()}


def test_asking_does_not_wait(worker, qtbot):
    """While a step is blocked, the UI thread can go on requesting and cancelling."""
    gate, log = Gate(), Log()
    worker.request("slow", 0, gate.steps(), fail, fail)
    assert gate.entered.wait(SOON_S)
    worker.request("next", 1, iter([1]), log, fail)
    worker.cancel("slow")
    assert not gate.opened.is_set()
    gate.opened.set()
    qtbot.waitUntil(lambda: log.events == [1], timeout=SOON_MS)


def test_the_latest_request_wins(worker, qtbot):
    """Of many requests with one name made during a step, only the last gives results."""
    gate, log = Gate(["stale"]), Log()
    worker.request("picture", 0, gate.steps(), log, fail)
    assert gate.entered.wait(SOON_S)
    begun = []

    def steps(number):
        begun.append(number)
        yield number

    for number in range(50):
        worker.request("picture", 0, steps(number), log, fail)
    gate.opened.set()
    qtbot.waitUntil(lambda: log.events == [49], timeout=SOON_MS)
    assert begun == [49]
    qtbot.wait(20)
    assert log.events == [49]


def test_a_result_on_its_way_is_dropped_when_a_newer_request_comes(worker, qtbot):
    """A result that is computed but not yet delivered does not appear after a newer request."""
    log, computed = Log(), threading.Event()

    def stale():
        yield "stale"
        computed.set()

    worker.request("picture", 0, stale(), log, fail, lambda: log("stale end"))
    assert computed.wait(SOON_S)  # the event loop does not run here, so the result has not arrived yet
    worker.request("picture", 0, iter(["fresh"]), log, fail)
    qtbot.waitUntil(lambda: "fresh" in log.events, timeout=SOON_MS)
    qtbot.wait(20)
    assert log.events == ["fresh"]


def test_an_urgent_request_goes_between_the_steps_of_a_slow_one(worker, qtbot):
    """A picture under the pointer waits for one step of a backdrop, not for all of it."""
    order = []
    entered, go_on = threading.Event(), threading.Event()

    def backdrop():
        for number in range(5):
            order.append(f"backdrop {number}")
            if number == 1:
                entered.set()
                assert go_on.wait(SOON_S)
            yield

    def picture():
        order.append("picture")
        yield

    log = Log()
    worker.request("backdrop", 4, backdrop(), lambda _: None, fail, lambda: log("end"))
    assert entered.wait(SOON_S)
    worker.request("picture", 1, picture(), lambda _: None, fail)
    go_on.set()
    qtbot.waitUntil(lambda: log.events == ["end"], timeout=SOON_MS)
    assert order == ["backdrop 0", "backdrop 1", "picture", "backdrop 2", "backdrop 3", "backdrop 4"]


def test_what_waits_goes_by_urgency_and_then_by_age(worker, qtbot):
    """Lower values run first; among equal ones, the oldest request runs first."""
    gate, log = Gate(), Log()
    worker.request("gate", 0, gate.steps(), fail, fail)
    assert gate.entered.wait(SOON_S)
    for name, urgency in [("gif", 5), ("grid a", 2), ("grid b", 2), ("picture", 1)]:
        worker.request(name, urgency, iter([name]), log, fail)
    gate.opened.set()
    qtbot.waitUntil(lambda: len(log.events) == 4, timeout=SOON_MS)
    assert log.events == ["picture", "grid a", "grid b", "gif"]


@pytest.mark.parametrize("ending", ["replaced", "cancelled"])
def test_what_is_no_longer_wanted_is_closed_on_the_thread_that_ran_it(worker, qtbot, ending):
    """A generator's cleanup runs soon, and on the worker, because it may hold files and threads."""
    gate, log = Gate(itertools.count()), Log()
    worker.request("gif", 0, gate.steps(), log, fail)
    assert gate.entered.wait(SOON_S)
    gate.opened.set()
    qtbot.waitUntil(lambda: len(log.events) > 3, timeout=SOON_MS)
    if ending == "replaced":
        worker.request("gif", 0, iter(["new"]), log, fail)
    else:
        worker.cancel("gif")
    count = len(log.events)
    assert gate.closed.wait(SOON_S)
    assert gate.closed_on.name == "worker"
    qtbot.wait(20)
    assert log.events[count:] == (["new"] if ending == "replaced" else [])


def test_what_was_cancelled_before_it_began_never_begins(worker, qtbot):
    """A request that waits behind another and is cancelled does nothing at all."""
    gate, begun, log = Gate(), [], Log()
    worker.request("gate", 0, gate.steps(), fail, fail, lambda: log("end"))
    assert gate.entered.wait(SOON_S)

    def steps():
        begun.append(True)
        yield

    worker.request("gif", 5, steps(), log, fail)
    worker.cancel("gif")
    gate.opened.set()
    qtbot.waitUntil(lambda: log.events == ["end"], timeout=SOON_MS)
    qtbot.wait(20)
    assert begun == []


@pytest.mark.parametrize("ending", ["replaced", "cancelled", "stopped"])
def test_results_that_nobody_takes_are_given_back(ending, worker, qtbot):
    """They had not arrived when their request ended; results that had arrived are not given back."""
    log = Log()
    worker.request("a", 0, iter(["taken"]), log, fail)
    qtbot.waitUntil(lambda: log.events == ["taken"], timeout=SOON_MS)
    worker.request(
        "a", 0, iter(["late"]), pytest.fail, fail, on_dropped=lambda value: log(f"dropped {value}")
    )
    wait_until(lambda: worker.is_idle)
    if ending == "replaced":
        worker.request("a", 0, iter([]), pytest.fail, fail)
    elif ending == "cancelled":
        worker.cancel("a")
    else:
        worker.stop()
    qtbot.waitUntil(lambda: log.events == ["taken", "dropped late"], timeout=SOON_MS)


def test_cancelling_what_is_not_there_is_no_error(worker, qtbot):
    """Neither an unknown name nor a request that has ended raises an error."""
    log = Log()
    worker.cancel("nothing")
    worker.request("a", 0, iter([1]), log, fail, lambda: log("end"))
    qtbot.waitUntil(lambda: log.events == [1, "end"], timeout=SOON_MS)
    worker.cancel("a")
    worker.request("a", 0, iter([2]), log, fail)
    qtbot.waitUntil(lambda: log.events == [1, "end", 2], timeout=SOON_MS)


def test_an_error_is_told_and_the_thread_lives_on(worker, qtbot):
    """Earlier values arrive, then `on_error` and no `on_end`; the next request runs."""
    log, errors = Log(), Log()

    def steps():
        yield 1
        raise ArithmeticError("enough")

    worker.request("a", 0, steps(), log, errors, lambda: log("end"))
    qtbot.waitUntil(lambda: len(errors.events) == 1, timeout=SOON_MS)
    assert str(errors.events[0]) == "enough"
    assert errors.threads == {threading.get_ident()}
    worker.request("a", 0, iter([2]), log, fail, lambda: log("end"))
    qtbot.waitUntil(lambda: log.events == [1, 2, "end"], timeout=SOON_MS)


def test_an_error_of_what_was_replaced_is_not_told(worker, qtbot):
    """The failure of a replaced request is not reported."""
    gate, log = Gate(), Log()

    def steps():
        yield from gate.steps()
        raise ArithmeticError("stale")

    worker.request("a", 0, steps(), fail, fail)
    assert gate.entered.wait(SOON_S)
    worker.request("a", 0, iter([1]), log, fail)
    gate.opened.set()
    qtbot.waitUntil(lambda: log.events == [1], timeout=SOON_MS)
    qtbot.wait(20)


def test_a_cleanup_that_fails_does_not_end_the_thread(worker, qtbot):
    """An error while closing a cancelled request is ignored; the next request runs."""
    log = Log()

    def steps():
        try:
            yield from itertools.count()
        finally:
            raise OSError("the temporary file cannot be removed")

    worker.request("a", 0, steps(), log, fail)
    qtbot.waitUntil(lambda: len(log.events) > 3, timeout=SOON_MS)
    worker.cancel("a")
    log.events.clear()
    worker.request("b", 0, iter(["b"]), log, fail)
    qtbot.waitUntil(lambda: log.events == ["b"], timeout=SOON_MS)


def test_stopping_ends_the_thread_closes_what_ran_and_delivers_nothing(qtbot):
    """After `stop`, the thread has ended, generators are closed, and pending results are dropped."""
    worker, log, gate = Worker(), Log(), Gate(itertools.count())
    before = {thread for thread in threading.enumerate() if thread.name == "worker"}
    worker.request("endless", 5, gate.steps(), log, fail)
    assert gate.entered.wait(SOON_S)
    gate.opened.set()
    qtbot.waitUntil(lambda: len(log.events) > 3, timeout=SOON_MS)
    worker.stop()
    count = len(log.events)
    assert gate.closed.is_set()
    assert not any(thread.is_alive() for thread in before)
    qtbot.wait(20)
    assert len(log.events) == count


def test_stopping_twice_is_no_error(qapp):  # noqa: ARG001 (there must be an application)
    """Two callers may close a window."""
    worker = Worker()
    worker.stop()
    worker.stop()


def test_a_thread_that_waits_for_something_lost_is_left(qapp):  # noqa: ARG001 (there must be an application)
    """`step_s` shows how long its step lasts; stopping takes only the given time; it ends by itself later."""
    worker, gate = Worker(), Gate()
    assert worker.step_s == 0
    worker.request("lost", 0, gate.steps(), fail)
    assert gate.entered.wait(SOON_S)
    before_s = worker.step_s
    wait_until(lambda: worker.step_s > before_s)
    assert not worker.stop(patience_s=0)
    gate.opened.set()
    assert worker.stop()
    assert gate.closed.is_set()


class Painted(QWidget):
    """A widget that logs each painting."""

    def __init__(self, log):
        super().__init__()
        self.log = log

    def paintEvent(self, event):  # noqa: ARG002, N802 (Qt's own)
        self.log("painted")


def test_background_work_waits_until_an_urgent_result_is_painted(worker, qtbot, monkeypatch):
    """Its results are delivered, and its next step starts, only after the urgent result was painted."""
    monkeypatch.setattr(worker_module, "HOLD_MS", SOON_MS)  # a busy machine may take longer to paint
    log, entered, go_on = Log(), threading.Event(), threading.Event()
    widget = Painted(log)
    qtbot.addWidget(widget)
    widget.show()
    qtbot.waitExposed(widget)
    qtbot.waitUntil(lambda: "painted" in log.events, timeout=SOON_MS)

    def backdrop():
        entered.set()
        assert go_on.wait(SOON_S)
        yield "tile"

    def show(picture):
        log(picture)
        widget.update()

    worker.request("backdrop", Priority.BACKDROP, backdrop(), log, fail)
    assert entered.wait(SOON_S)
    log.events.clear()
    worker.request("picture", Priority.PICTURE, iter(["picture"]), show, fail)
    go_on.set()
    qtbot.waitUntil(lambda: len(log.events) == 3, timeout=SOON_MS)
    assert log.events == ["picture", "painted", "tile"]


def test_background_work_goes_on_if_the_urgent_result_never_comes(worker, qtbot):
    """An urgent request that was cancelled does not delay other work for long."""
    log = Log()
    gate = Gate()
    worker.request("gate", Priority.PICTURE, gate.steps(), fail, fail)
    assert gate.entered.wait(SOON_S)
    worker.request("backdrop", Priority.BACKDROP, iter(["tile"]), log, fail)
    worker.cancel("gate")
    gate.opened.set()
    qtbot.waitUntil(lambda: log.events == ["tile"], timeout=SOON_MS)


def test_background_work_gets_its_turns_however_often_a_picture_is_wanted(worker, qtbot):
    """Even if urgent requests overlap without end, background work is decoded and shown."""
    log = Log()
    worker.request("backdrop", Priority.BACKDROP, iter(range(3)), log, fail)

    def again(name):
        if len(log.events) < 3:
            worker.request(name, Priority.PICTURE, iter([name]), again, fail)

    again("picture")
    again("drawing")
    qtbot.waitUntil(lambda: log.events == [0, 1, 2], timeout=SOON_MS)
