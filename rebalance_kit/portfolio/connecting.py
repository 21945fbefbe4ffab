"""Opening a portfolio at a broker: whose keys, which account, and the folder's files only for what a broker does not
know (lots, old closes, other accounts).
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

from rebalance_kit import arguments
from rebalance_kit.brokers.base import Mode, TakesExchanges
from rebalance_kit.brokers.kis.broker import open_broker
from rebalance_kit.brokers.kis.listings import listings_of
from rebalance_kit.brokers.kis.settings import read_settings
from rebalance_kit.brokers.kis.surroundings import state_folder, surroundings
from rebalance_kit.execution.snapshot import holdings_in_force
from rebalance_kit.holdings.files import read_holdings
from rebalance_kit.holdings.model import Holdings
from rebalance_kit.policy.model import Policy
from rebalance_kit.portfolio.live import (
    Books,
    LiveBroker,
    as_file,
    books_path,
    keep,
    kept,
    older_closes,
    take,
    without_exchange,
)
from rebalance_kit.portfolio.model import Portfolio
from rebalance_kit.portfolio.opening import aids, assemble, closes_of
from rebalance_kit.words import Language, Text

BROKERS = ("paper", "ticket", "kis")
ENVIRONMENTS = {"mock": Mode.MOCK, "real": Mode.REAL}


def open_live(
    folder: Path,
    policy: Policy,
    broker: str | LiveBroker,
    env: str | None,
    *,
    on: date | str | None,
    account: str | None,
    holdings: str | Path | None,
    prices: str | Path | None,
    language: Language | None,
    again: bool,
) -> Portfolio:
    """See `open_portfolio`."""
    if holdings is not None:
        expected = Text("no file: the broker says what is held", "파일 없음(보유 내역은 증권사가 알려 줍니다)")
        raise arguments.bad_argument("holdings", str(holdings), expected)
    name = account_at(policy, account, broker if isinstance(broker, str) else broker.identity.broker)
    live = connect(policy, broker, env, name) if isinstance(broker, str) else broker
    path = books_path(state_folder(os.environ), folder, live)
    books = _books(live, policy, path, again=again)
    day = live.session
    if on is not None and arguments.day("on", on) != day:
        raise arguments.bad_argument("on", str(on), Text(f"{day}, the broker's day", f"증권사의 날짜 {day}"))
    rules, findings = (policy, ()) if isinstance(live, TakesExchanges) else without_exchange(policy, ())
    file = as_file(books, _others(folder, policy, day), day)
    closes = closes_of(folder, prices, policy, day)
    closes = replace(closes, quotes=older_closes(closes.quotes, books.quotes))
    opened = assemble(folder, rules, file, closes, day, account=name, after_a_run=True)
    return replace(
        opened,
        holdings=replace(opened.holdings, findings=(*opened.holdings.findings, *findings)),
        language=language or policy.language,
        prices_file=None if prices is None else Path(prices),
        broker=live,
        stated_policy=policy,
    )


def connect(
    policy: Policy, name: str, env: str | None, account: str, environment: Mapping[str, str] | None = None
) -> LiveBroker:
    """The broker of an account, signed in. UsageError for a name that is not known or settings that are missing,
    BrokerError when it cannot be asked."""
    if name not in BROKERS:
        raise arguments.bad_argument("broker", name, Text(", ".join(BROKERS), ", ".join(BROKERS)))
    if env is not None and env not in ENVIRONMENTS:
        raise arguments.bad_argument("env", env, Text("mock or real", "mock 또는 real"))
    known = os.environ if environment is None else environment
    settings = read_settings(known, None if env is None else ENVIRONMENTS[env])
    around = surroundings(settings, known, lambda: datetime.now(UTC), time.monotonic, time.sleep)
    broker = open_broker(settings, listings_of(policy).values(), account, policy.exchange, around)
    broker.connect()
    return broker


def account_at(policy: Policy, account: str | None, broker: str) -> str:
    """The account that a broker is for: the one that was named, the only one, or the only one that the policy puts at
    that broker. UsageError when that is not one account."""
    if account is not None:
        return account
    at_broker = [name for name, rule in policy.accounts.items() if rule.broker == broker]
    choices = list(policy.accounts) if len(policy.accounts) == 1 else at_broker
    if len(choices) == 1:
        return choices[0]
    names = ", ".join(policy.accounts)
    raise arguments.bad_argument("account", "", Text(f"one of {names}", f"다음 중 하나: {names}"))


def _books(live: LiveBroker, policy: Policy, path: Path, *, again: bool) -> Books:
    """The moment that a plan was made from some minutes ago, else a new one, which is kept."""
    books = kept(path, live.clock()) if again else None
    if books is None:
        books = take(live, policy)
        keep(path, books)
    return books


def _others(folder: Path, policy: Policy, day: date) -> Holdings | None:
    """What the folder says of its other accounts; None where there is only one."""
    if len(policy.accounts) < 2 or not (folder / "holdings.csv").exists():
        return None
    return read_holdings(holdings_in_force(folder), policy, day, aids=aids(folder)).holdings
