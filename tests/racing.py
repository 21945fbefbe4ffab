"""Three real processes that submit one plan to one broker, one of them frozen by SIGSTOP near the wire and woken later.

The broker's book is a file under a lock of its own, its time is the computer's, made faster. Calls break by dice: a
reply is lost although the order is there, or the order arrives after the call has ended without one.
"""

from __future__ import annotations

import fcntl
import logging
import os
import pickle
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from rebalance_kit.brokers.base import Answer, BrokerOrder, Mode, OrderList, Reply, Snapshot
from rebalance_kit.errors import BusyError, KitError
from rebalance_kit.execution import engine, history
from rebalance_kit.execution.context import RunContext
from rebalance_kit.words import same
from tests.make import ON
from tests.make_run import HandClock
from tests.storm import MADE, PLAN, PRICES, violations
from tests.storm_broker import Book, Clock, StormBroker, book_of

SPEED = 6.0  # seconds of the broker's time in one of the computer's
LATEST = 1.5  # seconds of its time after a call in which an order may still arrive
DICE = same("as the dice fell")
QUIET = timedelta(seconds=2 * LATEST)
FROZEN = 0.8  # seconds of the computer's time: longer than the quiet period
GIVE_UP = 60.0
ONCE = ("locked", "run.committed")  # a run comes here once, to the others with every order
ROUND_THE_WIRE = (
    "attempt.committed", "place.before", "place.after", "attempt.placed", "attempt.answered", "list.before",
)  # fmt: skip
POINTS = (*((name, 1) for name in ONCE), *((name, nth) for nth in (1, 2, 3) for name in ROUND_THE_WIRE))


@dataclass
class FastClock(Clock):
    """The computer's time, faster; the same in every process. Waiting for it is the caller's business."""

    now: datetime = HandClock.now
    origin: float = field(default_factory=time.monotonic)

    def __call__(self) -> datetime:
        return self.now + timedelta(seconds=(time.monotonic() - self.origin) * SPEED)

    def forward(self, seconds: float) -> None:
        """Time passes by itself."""


@dataclass
class _Line(StormBroker):
    """A connection for one call: good lists, and replies that come, are lost, or come before the order does."""

    def _placed(self, order: BrokerOrder) -> Reply:
        fate, now = self.dice.random(), self.book.clock()
        if fate < 0.45:
            late = now + timedelta(seconds=self.dice.uniform(0.5, LATEST))
            self.book.waiting.append((late, order, order.client_id))
            return Reply(Answer.UNKNOWN, DICE)
        booked = self.book.accept(order, order.client_id, now)
        if booked is None:
            return Reply(Answer.REJECTED, DICE)
        self.book.settle()
        return Reply(Answer.UNKNOWN, DICE) if fate < 0.65 else Reply(Answer.ACCEPTED, DICE, booked.number)


@dataclass
class SharedBroker:
    """The broker as one process sees it. `step` is called around what leaves, never while it holds the book."""

    path: Path
    step: Callable[[str], None]
    mode: str = "quiesce"

    identity = StormBroker.identity
    instant = False
    session = ON
    quiet_period = QUIET

    def snapshot(self) -> Snapshot:
        with self._line() as line:
            return line.snapshot()

    def order_list(self, session: object) -> OrderList:
        self.step("list.before")
        with self._line() as line:
            return line.order_list(ON)

    def place(self, order: BrokerOrder) -> Reply:
        self.step("place.before")
        with self._line() as line:
            reply = line.place(order)
        self.step("place.after")
        return reply

    def cancel(self, number: str) -> Reply:
        with self._line() as line:
            return line.cancel(number)

    def book(self) -> Book:
        """The truth, now."""
        with self._line() as line:
            line.book.settle()
            return line.book

    @contextmanager
    def _line(self) -> Iterator[_Line]:
        with self.path.open("r+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            book = pickle.load(file)
            book.settle()
            yield _Line(book, book.dice, self.mode, ON, calm=True)
            file.seek(0)
            file.truncate()
            pickle.dump(book, file)


@dataclass(frozen=True)
class Round:
    """What one round did: how often a process was frozen, how the three ended, and what was broken afterwards."""

    frozen: int
    codes: tuple[int, ...]
    accepted: int
    runs: int
    broken: tuple[str, ...]


def race(seed: int, point: str, nth: int = 1, *, frozen: float = FROZEN) -> Round:
    """Three processes submit the plan. The first that comes to `point` for the `nth` time is stopped and woken after
    `frozen` seconds; then whatever is unfinished is finished, and the twelve invariants are asked."""
    folder = Path(tempfile.mkdtemp(prefix="race-", dir="/dev/shm" if Path("/dev/shm").is_dir() else None))
    try:
        clock = FastClock()
        book = book_of(MADE.holdings, PRICES, clock, clock() + timedelta(days=1), seed)
        shared = folder / "broker.pickle"
        shared.write_bytes(pickle.dumps(book))
        children = [_child(folder, clock, point, nth) for _ in range(3)]
        codes, stops = _watched(children, frozen)
        _finish(folder, clock)
        time.sleep(2 * LATEST / SPEED)
        truth = SharedBroker(shared, _nothing).book()
        runs = history.runs(folder, "main")
        return Round(stops, codes, len(truth.orders), len(runs), tuple(violations(folder, truth)))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _child(folder: Path, clock: FastClock, point: str, nth: int) -> int:
    """A process that submits the plan until it has an answer; its exit code is that of the command line."""
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        logging.disable(logging.CRITICAL)
        with redirect_stdout(sys.stderr):
            code = _submit(folder, clock, _freezing(folder, point, nth))
    finally:
        os._exit(code)


def _freezing(folder: Path, point: str, nth: int) -> Callable[[str], None]:
    """Stop this process at a point, if no other has been stopped there."""
    seen = 0

    def step(name: str) -> None:
        nonlocal seen
        seen += name == point
        if name == point and seen == nth:
            with suppress(FileExistsError):
                (folder / "frozen").touch(exist_ok=False)
                os.kill(os.getpid(), signal.SIGSTOP)

    return step


def _submit(folder: Path, clock: FastClock, step: Callable[[str], None]) -> int:
    until = time.monotonic() + GIVE_UP
    while True:
        try:
            engine.execute(PLAN, _context(folder, clock, step), mode=Mode.PAPER, yes=PLAN.plan_id)
        except BusyError as busy:
            if time.monotonic() > until:
                return busy.exit_code
            time.sleep(0.05)
        except KitError as error:
            return error.exit_code
        else:
            return 0


def _watched(children: list[int], frozen: float) -> tuple[tuple[int, ...], int]:
    """Wake whoever stops, wait for everybody: the exit codes, and how often somebody stopped."""
    codes: list[int] = []
    stops, left = 0, set(children)
    while left:
        for child in sorted(left):
            pid, status = os.waitpid(child, os.WUNTRACED | os.WNOHANG)
            if not pid:
                continue
            if os.WIFSTOPPED(status):
                stops += 1
                time.sleep(frozen)
                os.kill(child, signal.SIGCONT)
            else:
                left.remove(child)
                codes.append(os.waitstatus_to_exitcode(status))
        time.sleep(0.01)
    return tuple(sorted(codes)), stops


def _finish(folder: Path, clock: FastClock) -> None:
    """What a run left undecided is decided by the next start."""
    for _ in range(20):
        if all(run.ended_at is not None for run in history.runs(folder, "main")):
            return
        with suppress(KitError):
            engine.resume(_context(folder, clock, _nothing))
        time.sleep(0.2)


def _context(folder: Path, clock: FastClock, step: Callable[[str], None]) -> RunContext:
    return RunContext(
        folder=folder,
        policy=MADE.policy,
        policy_hash="policy-1",
        prices=MADE.prices,
        holdings=MADE.holdings,
        broker=SharedBroker(folder / "broker.pickle", step),
        clock=clock,
        trace=step,
        sleep=lambda seconds: time.sleep(seconds / SPEED),
    )


def _nothing(_: str) -> None:
    pass
