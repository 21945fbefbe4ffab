"""What a broker says of an account in place of the folder's files: holdings, quotes and rates of one moment.

A plan is made from one such moment and carried out from the same one, so that the id that a person read and typed is
the id of what is traded, although prices move between the two commands. The moment is kept in a private file for the
few minutes that a plan may be carried out in; the checks compare it with what the broker says then.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Protocol, runtime_checkable

from rebalance_kit.brokers.base import Broker, GivesPrices, KeepsTime, Snapshot
from rebalance_kit.checks.order_rules import PLAN_AGE
from rebalance_kit.execution.packing import pack_text, unpack_text
from rebalance_kit.holdings.model import Holdings, HoldingsFile
from rebalance_kit.policy.model import Policy
from rebalance_kit.prices.model import FxRate, Quote
from rebalance_kit.storage import storage_errors, write_atomically
from rebalance_kit.words import Finding, Text


@runtime_checkable
class LiveBroker(Broker, GivesPrices, KeepsTime, Protocol):
    """A broker that is asked for everything: holdings, prices and the time."""


@dataclass(frozen=True, slots=True)
class Books:
    """One moment of an account at a broker."""

    taken_at: datetime
    snapshot: Snapshot
    quotes: tuple[Quote, ...]
    rates: tuple[FxRate, ...]


def take(broker: LiveBroker, policy: Policy) -> Books:
    """Ask the broker for everything that a plan is made from. BrokerError when it cannot be asked."""
    taken_at, snapshot = broker.clock(), broker.snapshot()
    held = [position.code for position in snapshot.positions]
    codes = dict.fromkeys([*(asset.code for asset in policy.assets), *held])
    return Books(taken_at, snapshot, broker.quotes(codes), broker.rates())


def keep(path: Path, books: Books) -> None:
    """Keep a moment for the command that carries its plan out. StorageError if the disk refuses."""
    with storage_errors(path):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_atomically(path, pack_text(Books, books).encode())


def kept(path: Path, now: datetime) -> Books | None:
    """The moment that was kept, while a plan made from it may still be carried out; None if there is none."""
    if not path.exists():
        return None
    with storage_errors(path):
        text = path.read_text(encoding="utf-8")
    try:
        books = unpack_text(Books, text)
    except ValueError:  # of another version: as good as none
        return None
    return books if -PLAN_AGE < now - books.taken_at <= PLAN_AGE else None


def books_path(state: Path, folder: Path, broker: Broker) -> Path:
    """Where the moment of a folder's account is kept."""
    who = broker.identity
    mark = hashlib.sha256(f"{folder.resolve()} {who.mode} {who.account} {who.number}".encode()).hexdigest()[:16]
    return state / f"books-{mark}.json"


def as_file(books: Books, others: Holdings | None, day: date) -> HoldingsFile:
    """The books as a holdings file of a day; rows of the folder's other accounts stay as they are written there."""
    snapshot, account = books.snapshot, books.snapshot.account
    kept_positions = tuple(p for p in others.positions if p.account != account) if others else ()
    kept_cash = tuple(c for c in others.cash if c.account != account) if others else ()
    held = Holdings(
        (*kept_positions, *snapshot.positions),
        (*kept_cash, *snapshot.cash),
        as_of=day,
        source=books.quotes[0].source if books.quotes else "broker",
    )
    return HoldingsFile(held, books.quotes, books.rates, taken_at=books.taken_at)


def older_closes(closes: Sequence[Quote], live: Sequence[Quote]) -> tuple[Quote, ...]:
    """The closes of files, without those of a day on which the broker was asked: a quote of now is no second opinion
    of a close."""
    newest = {quote.code: quote.as_of for quote in live}
    return tuple(q for q in closes if q.code not in newest or q.as_of < newest[q.code])


def without_exchange(policy: Policy, findings: tuple[Finding, ...]) -> tuple[Policy, tuple[Finding, ...]]:
    """The policy for a broker that cannot exchange currencies for this program: each currency pays for itself."""
    cash = policy.rebalancing.cash
    currencies = {policy.currency_of(asset) for asset in policy.assets}
    if not cash.exchange:
        return policy, findings
    plain = cash.model_copy(update={"exchange": False})
    rules = policy.model_copy(update={"rebalancing": policy.rebalancing.model_copy(update={"cash": plain})})
    if len(currencies) < 2 and currencies <= {policy.base_currency}:
        return rules, findings
    says = Text("this broker cannot exchange currencies for this program: each currency pays for itself",
                "이 증권사에서는 프로그램이 환전할 수 없어 통화마다 따로 거래합니다")  # fmt: skip
    return rules, (*findings, Finding("no_exchange", "info", says))
