"""One schedule of crashes and faults after the other, and the thirteen things that must hold after each.

I1  at most one accepted order for each intent        I7  cash and shares add up to the won
I2  every accepted order of ours is its attempt's     I8  no buy is accepted before the last sell
I3  what counts as not there is not there             I9  every attempt ends
I4  filled here is filled there                       I10 states move forward only
I5  cash never falls below zero                       I11 the chain of events holds
I6  shares never fall below zero                      I12 nobody else's order is claimed
I13 an order is put to another limit only in the journal's words, and never beyond the tolerance from a quote
"""

from __future__ import annotations

import random
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

from rebalance_kit.brokers.base import BrokerOrder, Mode
from rebalance_kit.errors import KitError
from rebalance_kit.execution import engine, history
from rebalance_kit.execution.chain import journal_path
from rebalance_kit.execution.context import RunContext
from rebalance_kit.execution.journal import Journal
from rebalance_kit.execution.records import RunRecord, State
from rebalance_kit.orders import Side
from rebalance_kit.prices.model import PriceBook
from tests.make import ON, document_000
from tests.make_run import HandClock, plan
from tests.storm_broker import Book, Clock, MovingBroker, StormBroker, book_of

MADE = document_000(orders={"patience_seconds": 4})
FOLLOWING = document_000(orders={"patience_seconds": 8, "reprice_after_seconds": 2, "reprice_steps": 3}).policy
PLAN = plan(MADE)
PRICES = {code: quote.price for code, quote in MADE.prices.quotes.items()}
TOLERANCE = Decimal("0.005")  # of document 000
LIVES = 12  # of a program before the storm is over
NOT_THERE = (State.ABSENT, State.NOT_SENT, State.REJECTED)


class Crash(BaseException):
    """The process is gone: nothing of ours may catch it."""


@dataclass
class Schedule:
    """What one seed did: how often it crashed, and what was broken afterwards."""

    seed: int
    crashes: int = 0
    steps: int = 0
    accepted: int = 0
    repriced: int = 0
    broken: list[str] = field(default_factory=list)


Engine = Callable[[RunContext], object]


def execute(context: RunContext) -> object:
    """The engine as it is."""
    return engine.execute(PLAN, context, mode=Mode.PAPER, yes=PLAN.plan_id)


def weather(
    seed: int,
    mode: str,
    *,
    crash_at: int | None = None,
    run: Engine = execute,
    on_crash: Callable[[random.Random], None] = lambda _: None,
    reprice: bool = False,
) -> Schedule:
    """Live through one seed. `crash_at` crashes once, at that step, in a storm without other crashes. `on_crash` is
    called at the moment of each crash: what else is lost with the process. `reprice`: prices move, and orders that rest
    follow them."""
    with _folder() as folder:
        dice = random.Random(seed)
        clock = Clock(HandClock().now)
        book = book_of(MADE.holdings, PRICES, clock, clock() + timedelta(hours=1), seed)
        done = Schedule(seed)
        kind = MovingBroker if reprice else StormBroker
        phone = crash_at is None and dice.random() < 0.3
        for _ in range(LIVES):
            if _lived(folder, book, dice, mode, done, crash_at, run, on_crash, kind) and _ended(folder):
                break
            clock.forward(dice.uniform(0, 40))
            if phone and dice.random() < 0.3:
                _telephone(book, dice)
        clock.forward(3600 + 600)
        book.settle()
        for _ in range(8):  # after the storm, and after the close
            if _ended(folder):
                break
            with suppress(KitError):
                engine.resume(_context(folder, kind(book, dice, mode, ON, calm=True), clock))
            clock.forward(30)
        done.accepted = len(book.orders)
        done.repriced = sum(len(booked.limits) for booked in book.orders)
        done.broken += violations(folder, book)
        return done


def _lived(
    folder: Path,
    book: Book,
    dice: random.Random,
    mode: str,
    done: Schedule,
    crash_at: int | None,
    run: Engine,
    on_crash: Callable[[random.Random], None],
    kind: type[StormBroker],
) -> bool:
    """One life of the program: whether it came to an end of its own."""
    fatal = crash_at if crash_at is not None else (dice.randrange(1, 120) if done.crashes < 5 else 10**9)
    count = 0

    def step(_: str) -> None:
        nonlocal count
        count += 1
        done.steps += 1
        if count == fatal and (crash_at is None or done.crashes == 0):
            done.crashes += 1
            on_crash(dice)
            raise Crash

    broker = kind(book, dice, mode, ON, step=step)
    try:
        run(replace(_context(folder, broker, book.clock), trace=step))
    except Crash:
        return False
    except KitError:
        return True
    return True


def _context(folder: Path, broker: StormBroker, clock: Clock) -> RunContext:
    ids = iter(range(10**6))
    return RunContext(
        folder=folder,
        policy=FOLLOWING if isinstance(broker, MovingBroker) else MADE.policy,
        policy_hash="policy-1",
        prices=_just_asked(clock) if isinstance(broker, MovingBroker) else MADE.prices,
        holdings=MADE.holdings,
        broker=broker,
        clock=clock,
        sleep=clock.forward,
        new_id=lambda: f"run{next(ids)}-{int(clock().timestamp() * 1000) % 10**9}",
    )


def _just_asked(clock: Clock) -> PriceBook:
    """The prices of the plan as a broker that gives prices would have told them just now."""
    quotes = {code: replace(quote, at=clock()) for code, quote in MADE.prices.quotes.items()}
    return replace(MADE.prices, quotes=quotes)


def _telephone(book: Book, dice: random.Random) -> None:
    """The owner trades by telephone what an order of the plan trades, and never with money that is not there."""
    order = dice.choice(PLAN.orders)
    booked = BrokerOrder("phone", order.code, order.side, order.quantity, order.limit_price, order.currency)
    on_the_way = sum((book.cost(waiting) for _, waiting, _ in book.waiting if waiting.side is Side.BUY), Decimal(0))
    if order.side is Side.SELL or book.cost(booked) + on_the_way <= book.spendable():
        book.accept(booked, None, book.clock())


def _ended(folder: Path) -> bool:
    runs = history.runs(folder, "main")
    return bool(runs) and all(run.ended_at is not None for run in runs)


@contextmanager
def _folder() -> Iterator[Path]:
    """In memory where there is one: a schedule commits a hundred times."""
    memory = Path("/dev/shm")
    folder = Path(tempfile.mkdtemp(prefix="storm-", dir=memory if memory.is_dir() else None))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


# ---- what must hold ----


def violations(folder: Path, book: Book) -> list[str]:
    """Every invariant that is broken, by its number."""
    runs = history.runs(folder, "main")
    found = list(_attempts(runs, book))
    if book.least < 0:
        found.append(f"I5/I6 something fell to {book.least}")
    found += _added_up(book)
    for run in runs:
        found += _phases(run, book)
    found += _followed(folder, runs, book)
    try:
        with Journal(journal_path(folder, Mode.PAPER), "main", book.clock):
            pass  # opening recomputes the chain
    except KitError as error:
        found.append(f"I11 {error}")
    return found


def _attempts(runs: tuple[RunRecord, ...], book: Book) -> Iterator[str]:
    ours = {booked.owner: booked for booked in book.orders if booked.owner is not None}
    phone = {booked.number for booked in book.orders if booked.owner is None}
    if len(ours) != sum(booked.owner is not None for booked in book.orders):
        yield "I1 one attempt was accepted twice"
    known = set()
    for run in runs:
        for intent in run.intents:
            if sum(attempt.attempt_id in ours for attempt in intent.attempts) > 1:
                yield f"I1 {intent.code}: accepted twice"
            for attempt in intent.attempts:
                known.add(attempt.attempt_id)
                booked = ours.get(attempt.attempt_id)
                if not attempt.state.terminal:
                    yield f"I9 {attempt.attempt_id} is {attempt.state}"
                if booked is not None and attempt.state in NOT_THERE:
                    yield f"I3 {attempt.attempt_id} is {attempt.state} and at the broker"
                elif booked is not None and attempt.number != booked.number:
                    yield f"I2 {attempt.attempt_id} is {booked.number}, not {attempt.number}"
                elif booked is None and attempt.number is not None:
                    yield f"I2 {attempt.attempt_id} owns {attempt.number}, which is not its own"
                if attempt.filled != (booked.filled if booked else 0):
                    yield f"I4 {attempt.attempt_id}: {attempt.filled} filled, {booked.filled if booked else 0} there"
                if attempt.number in phone:
                    yield f"I12 {attempt.attempt_id} claims {attempt.number}"
    yield from (f"I2 {owner} is at the broker and not in the journal" for owner in ours.keys() - known)


def _phases(run: RunRecord, book: Book) -> Iterator[str]:
    own = {attempt.attempt_id for attempt in run.attempts}
    sells = [b.at for b in book.orders if b.owner in own and b.order.side is Side.SELL]
    buys = [b.at for b in book.orders if b.owner in own and b.order.side is Side.BUY]
    if sells and buys and min(buys) < max(sells):
        yield "I8 a buy was accepted before the last sell"


def _followed(folder: Path, runs: tuple[RunRecord, ...], book: Book) -> Iterator[str]:
    moved = [booked for booked in book.orders if booked.limits]
    if not moved:
        return
    with suppress(KitError), Journal(journal_path(folder, Mode.PAPER), "main", book.clock) as journal:
        asked = {name: limits for run in runs for name, limits in journal.repriced(run.run_id).items()}
        for booked in moved:
            if not {limit for limit, _ in booked.limits} <= set(asked.get(booked.owner or "", ())):
                yield f"I13 {booked.number} was put to a limit that the journal does not know"
    for booked in moved:
        way = 1 if booked.order.side is Side.BUY else -1
        if any(way * (limit - quote) > quote * TOLERANCE for limit, quote in booked.limits):
            yield f"I13 {booked.number} was put beyond the tolerance"


def _added_up(book: Book) -> Iterator[str]:
    start = {position.code: int(position.quantity) for position in MADE.holdings.positions}
    cash = MADE.holdings.cash_of("main", "KRW")
    for booked in book.orders:
        way = 1 if booked.order.side is Side.BUY else -1
        start[booked.order.code] = start.get(booked.order.code, 0) + way * booked.filled
        cash -= way * booked.amount + booked.commission
    if {c: n for c, n in start.items() if n} != {c: n for c, n in book.held.items() if n} or cash != book.cash:
        yield "I7 cash or shares do not add up"
