"""Starting a rehearsal: `with start() as kis: ...` in a test or notebook, `rebalance rehearse` in a terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from rebalance_kit.brokers.kis.rehearsal.admin import phone_order, state
from rebalance_kit.brokers.kis.rehearsal.clock import Clock
from rebalance_kit.brokers.kis.rehearsal.faults import Faults
from rebalance_kit.brokers.kis.rehearsal.ledger import Account, Fees, Order
from rebalance_kit.brokers.kis.rehearsal.market import Market, Product
from rebalance_kit.brokers.kis.rehearsal.server import Server
from rebalance_kit.brokers.kis.rehearsal.service import Seen, Service
from rebalance_kit.brokers.kis.rehearsal.store import load, save
from rebalance_kit.brokers.kis.rehearsal.world import Environment, Key, World

SAMPLE_START = "2026-03-04 10:00"
NUMBERS: Mapping[Environment, str] = {"real": "12345678", "mock": "50012345"}


@dataclass(frozen=True, slots=True)
class Opening:
    """What an account begins with: cash in won and dollars, and (shares, cost of all) by code."""

    won: Decimal = Decimal(0)
    dollars: Decimal = Decimal(0)
    holdings: Mapping[str, tuple[int, Decimal]] | None = None


class Rehearsal:
    """A running local KIS. Its world may be read and moved from the same process at any time."""

    def __init__(
        self, world: World, faults: Faults, ports: Mapping[Environment, int], keep: Path | None = None
    ) -> None:
        self.world = world
        self.faults = faults
        self.service = Service(world, faults)
        self._keep = keep
        if keep is not None:
            if keep.exists():
                load(world, self.service.exchange, keep)
            self.service.after_order = self._save
        self._servers: dict[Environment, Server] = {}
        try:
            for name, port in ports.items():
                self._servers[name] = Server(self.service, name, port)
        except OSError:
            for server in self._servers.values():
                server.abandon()
            raise
        for server in self._servers.values():
            server.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Stop listening. The world stays readable."""
        for server in self._servers.values():
            server.close()
        self._save()

    def _save(self) -> None:
        if self._keep is not None:
            with self.world.lock:
                save(self.world, self._keep)

    @property
    def clock(self) -> Clock:
        return self.world.clock

    @property
    def calls(self) -> list[Seen]:
        """Every request so far."""
        return list(self.service.seen)

    def url(self, environment: Environment = "mock") -> str:
        """The address of an environment."""
        return self._servers[environment].url

    def account(self, environment: Environment = "mock") -> Account:
        """An account as it is now."""
        with self.world.lock:
            self.world.catch_up()
            return self.world.account(environment)

    def orders(self, environment: Environment = "mock") -> list[Order]:
        """The orders that were accepted, cancel instructions left out."""
        return [order for order in self.account(environment).orders if order.kind != "cancel"]

    def state(self) -> dict[str, Any]:
        """Everything that a comparison needs, as JSON."""
        with self.world.lock:
            self.world.catch_up()
            return state(self.service)

    def phone_order(self, environment: Environment, code: str, side: str, quantity: int, price: str = "0") -> Order:
        """An order that a person places elsewhere."""
        return phone_order(self.service, environment, code, side, quantity, price)

    def settings(self, environment: Environment = "mock") -> dict[str, str]:
        """The environment variables that lead a client here."""
        key = self.world.key(environment)
        return {
            "KIS_ENV": environment,
            "KIS_BASE_URL": self.url(environment),
            "KIS_APP_KEY": key.appkey,
            "KIS_APP_SECRET": key.appsecret,
            "KIS_ACCOUNT": f"{key.number}-{key.product}",
        }


def start(
    products: Sequence[Product] | None = None,
    opening: Opening | Mapping[Environment, Opening] | None = None,
    *,
    at: datetime | str | None = None,
    speed: float = 0.0,
    rate: Decimal = Decimal("1400"),
    fees: Fees | None = None,
    faults: Iterable[Mapping[str, Any]] = (),
    seed: int = 0,
    ports: Mapping[Environment, int] | None = None,
    keep: Path | None = None,
    adjust: Callable[[World], None] | None = None,
) -> Rehearsal:
    """Start both environments, each with one account that begins with `opening` (default: the growth sample's).

    The clock starts `at` a Korean time and stands still (`speed` 0) until it is moved. With `keep` the accounts, prices
    and the time go on where that file left them. `adjust` may change the world before the first request.
    UsageError for a fault that is not known, OSError for a port that is taken.
    """
    from rebalance_kit.brokers.kis.rehearsal.sample import sample

    ready = sample("growth")
    clock = Clock(at or SAMPLE_START, speed)
    script = Faults(seed)
    script.load(faults)
    chosen = opening or ready.opening
    world = World(clock, Market(list(ready.products if products is None else products), rate), [], {})
    for environment in ports or NUMBERS:
        begins = chosen if isinstance(chosen, Opening) else chosen[environment]
        open_account(world, environment, begins, fees=fees)
    if adjust is not None:
        adjust(world)
    return Rehearsal(world, script, ports or {"mock": 0, "real": 0}, keep)


def open_account(
    world: World,
    environment: Environment,
    opening: Opening,
    *,
    number: str | None = None,
    product: str = "01",
    fees: Fees | None = None,
) -> Key:
    """One more account, with a key of its own (36 and 180 characters, as the service's)."""
    digits = number or NUMBERS[environment]
    label = f"{environment}{digits}{product}".upper()
    key = Key(f"PS{label}".ljust(36, "0"), f"REHEARSAL{label}".ljust(180, "0"), environment, digits, product)
    account = Account(digits, product, fees or Fees())
    day = world.clock.now().date()
    account.deposit(opening.won, day)
    if opening.dollars:
        account.deposit(opening.dollars, day, "USD")
    for code, (quantity, cost) in (opening.holdings or {}).items():
        account.hold(code, quantity, cost)
    world.keys.append(key)
    world.accounts[environment, digits, product] = account
    return key
