"""Runs at the local KIS over real HTTP, on its own clock: the client, the engine, and what the other side booked.

with kis_run(tmp_path, policy("069500 50, 305080 50"), Opening(Decimal(1_000_000))) as run:
    run.execute("SELL 069500 10, BUY 305080 9")
    run.kis.orders("mock")
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from rebalance_kit.brokers.base import Mode, Snapshot
from rebalance_kit.brokers.kis.broker import KisBroker, Surroundings, open_broker
from rebalance_kit.brokers.kis.listings import listings_of
from rebalance_kit.brokers.kis.rehearsal.market import Product
from rebalance_kit.brokers.kis.rehearsal.start import Opening, Rehearsal, start
from rebalance_kit.brokers.kis.rehearsal.world import Environment
from rebalance_kit.brokers.kis.settings import read_settings
from rebalance_kit.execution.context import RunContext
from rebalance_kit.execution.engine import execute, resume
from rebalance_kit.execution.result import RunResult
from rebalance_kit.planner.plan import Plan, PlanOptions
from rebalance_kit.policy.model import Policy
from rebalance_kit.prices.model import FxRate, PriceBook, Quote
from rebalance_kit.words import Text
from tests.make import Situation
from tests.make_run import plan

MODES: Mapping[Environment, Mode] = {"mock": Mode.MOCK, "real": Mode.REAL}
FORCED = PlanOptions(force=True)


def broker_at(
    kis: Rehearsal, folder: Path, wanted: Policy, environment: Environment = "mock", **changed: str
) -> KisBroker:
    """The client of an environment, living on the rehearsal's clock; its token lives in `folder`. `changed` are
    settings that a customer has got wrong."""
    settings = read_settings(kis.settings(environment) | changed, MODES[environment], keyring=lambda _: None)
    clock = kis.clock
    around = Surroundings(folder / "kis", clock=clock.now, monotonic=lambda: clock.now().timestamp(), sleep=clock.sleep)
    return open_broker(settings, listings_of(wanted).values(), "main", wanted.exchange, around)


@dataclass
class KisRun:
    """One account at a rehearsal, with a policy, and what was told while orders ran."""

    folder: Path
    kis: Rehearsal
    policy: Policy
    environment: Environment
    broker: KisBroker
    told: list[Text] = field(default_factory=list)

    def again(self) -> KisRun:
        """The same from another process: nothing is remembered but what is on the disk."""
        broker = broker_at(self.kis, self.folder, self.policy, self.environment)
        return KisRun(self.folder, self.kis, self.policy, self.environment, broker)

    @property
    def prices(self) -> PriceBook:
        """The market's own prices of now."""
        now, on = self.kis.clock.now(), self.broker.session
        quotes = {
            code: Quote(code, product.price, product.currency, on, "kis", at=now)
            for code, product in self.kis.world.market.products.items()
        }
        rates = {"USD": FxRate("USD", "KRW", self.kis.world.market.rate, on, "kis", at=now)}
        history = {code: (quote,) for code, quote in quotes.items()}
        return PriceBook("KRW", on, quotes, rates, history)

    def situation(self, seen: Snapshot | None = None) -> Situation:
        """Policy, prices and what the account holds now."""
        found = seen or self.broker.snapshot()
        return Situation(self.policy, found.as_holdings("kis"), self.prices)

    def context(self, made: Situation) -> RunContext:
        return RunContext(
            folder=self.folder,
            policy=self.policy,
            policy_hash="policy-1",
            prices=made.prices,
            holdings=made.holdings,
            broker=self.broker,
            clock=self.broker.clock,
            progress=self.told.append,
            sleep=self.kis.clock.sleep,
        )

    def execute(self, wanted: str | None = None, **options: Any) -> RunResult:
        """Plan (these orders, else what rounding gives) and carry it out."""
        made = self.situation()
        return self.execute_plan(self.planned(made, wanted, **options), made)

    def planned(self, made: Situation, wanted: str | None = None, **options: Any) -> Plan:
        """A plan of these orders, else of rounded ones."""
        return plan(made, wanted, options=FORCED, **options)

    def execute_plan(self, chosen: Plan, made: Situation) -> RunResult:
        return execute(chosen, self.context(made), mode=MODES[self.environment], yes=chosen.plan_id)

    def resume(self) -> RunResult | None:
        return resume(self.context(self.situation()))


@contextmanager
def kis_run(
    folder: Path,
    wanted: Policy,
    opening: Opening,
    *,
    environment: Environment = "mock",
    products: list[Product] | None = None,
    at: datetime | str | None = None,
    **options: Any,
) -> Iterator[KisRun]:
    """An account that begins with `opening`, and the client that trades for it."""
    with start(products, opening, at=at, **options) as kis:
        yield KisRun(folder, kis, wanted, environment, broker_at(kis, folder, wanted, environment))


def ledger_equals(run: KisRun, result: RunResult) -> None:
    """The fills in the journal are those of the broker's ledger, to the won, and so is what is there afterwards."""
    account = run.kis.account(run.environment)
    booked = {
        (order.code, "BUY" if order.buys else "SELL"): (order.filled, order.amount)
        for order in account.orders
        if order.kind == "order" and order.filled
    }
    ours = {(row.code, row.side): (row.filled, row.amount) for row in result.executions if row.filled}
    assert ours == booked
    snapshot = run.broker.snapshot()
    assert {p.code: int(p.quantity) for p in snapshot.positions if p.quantity} == {
        held.code: held.quantity for held in account.holdings.values() if held.quantity
    }
    assert snapshot.cash_of("KRW") == account.cash("KRW")
    if account.cash("USD"):
        assert snapshot.cash_of("USD") == account.cash("USD")
