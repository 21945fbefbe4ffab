"""Statements for tests: the hand-made samples with invented numbers, and what a file says in a form that reads well."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

from rebalance_kit.errors import HoldingsError
from rebalance_kit.holdings.model import HoldingsFile
from rebalance_kit.holdings.statements.registry import read_statement
from rebalance_kit.policy.model import Policy
from rebalance_kit.textfile.document import Document

SAMPLES = Path(__file__).parent / "data" / "statements"
ON = date(2026, 11, 2)


def sample(name: str, policy: Policy | None = None, *, on: date = ON, form: str | None = None) -> HoldingsFile:
    """One of the samples, read."""
    return statement((SAMPLES / name).read_bytes(), policy, name=name, on=on, form=form)


def statement(
    text: str | bytes,
    policy: Policy | None = None,
    *,
    name: str = "statement.csv",
    on: date = ON,
    form: str | None = None,
) -> HoldingsFile:
    """A statement of this text, read by the format that recognises it."""
    data = text.encode() if isinstance(text, str) else text
    return read_statement(Document(name, data, HoldingsError), policy, on, name=form)


def held(file: HoldingsFile) -> dict[str, dict[str, str]]:
    """Quantities by account and code, as text."""
    found: dict[str, dict[str, str]] = {}
    for position in file.holdings.positions:
        found.setdefault(position.account, {})[position.code] = f"{position.quantity.normalize():f}"
    return found


def cash(file: HoldingsFile) -> dict[tuple[str, str], Decimal]:
    """Cash by account and currency."""
    return {(money.account, money.currency): money.amount for money in file.holdings.cash}


def prices(file: HoldingsFile) -> dict[str, Decimal]:
    """Prices by code."""
    return {quote.code: quote.price for quote in file.quotes}


def said(file: HoldingsFile, rule: str) -> list[str]:
    """What the findings of one rule say."""
    return [finding.message.en for finding in file.holdings.findings if finding.rule == rule]


def rules(file: HoldingsFile) -> set[str]:
    """The rules of all findings."""
    return {finding.rule for finding in file.holdings.findings}


def left_out(file: HoldingsFile) -> list[tuple[int, str, str]]:
    """The rows that were left out: line, what, why."""
    return [(row.line, row.what, row.reason.en) for row in file.skipped]
