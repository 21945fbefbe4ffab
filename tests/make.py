"""Test factories that read like statements: a policy, holdings and prices written as one line of text each.

policy("A 60, B 40", threshold="0.05")                   weights in percent
policy("core: A 35 [30..40], B 35; satellite: C 30")     groups, explicit bands
policy("stocks / kr: A 30; stocks / us: B 30; bonds: C 30, cash 10")
holdings("main: A 10 @ 100, B 5 @ 20; cash KRW 1000; pension: A 2; dividends KRW 50")
book("A 100, B 20.5 USD, USD/KRW 1380")                  prices; also reads the `@` prices of a holdings line
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from rebalance_kit.holdings.model import Cash, CashKind, Holdings, Position
from rebalance_kit.policy.model import DriftTrigger, Policy, Rebalancing
from rebalance_kit.prices.model import FxRate, PriceBook, Quote

ON = date(2026, 3, 4)  # a Wednesday on which nothing is scheduled

_ASSET = re.compile(r"(?P<code>\S+) (?P<target>[\d.]+)(?: \[(?P<min>[\d.]*)\.\.(?P<max>[\d.]*)\])?")
_POSITION = re.compile(r"(?P<code>\S+) (?P<quantity>-?[\d._]+)(?: @ (?P<price>[\d._]+)(?: (?P<currency>[A-Z]{3}))?)?")
_CASH = re.compile(r"(?P<kind>cash|dividends) (?P<currency>[A-Z]{3}) (?P<amount>-?[\d._]+)")
_RATE = re.compile(r"[A-Z]{3}/[A-Z]{3} ")
_PRICE = re.compile(r"(?P<code>\S+) (?P<price>[\d._]+)(?: (?P<currency>[A-Z]{3}))?")


def policy(
    allocation: str,
    *,
    assets: Mapping[str, Mapping[str, object]] | None = None,
    groups: Mapping[str, Mapping[str, object]] | None = None,
    min_trade: str = "0",
    min_trade_share: str = "0",
    buffer: str = "0",
    fee: str = "0",
    slippage: str = "0",
    **settings: Any,
) -> Policy:
    """A policy. `assets` and `groups` add keys by code or group name. `settings` are keys of `rebalancing`, of its
    `drift_trigger`, or of the portfolio itself, wherever they belong; a mapping is taken as that section."""
    groups_read, cash_target = _allocation(allocation, assets or {}, groups or {})
    rebalancing: dict[str, Any] = {
        "cash": {"target": cash_target, "buffer": buffer} | settings.pop("cash", {}),
        "constraints": {"min_trade_amount": min_trade, "min_trade_share": min_trade_share}
        | settings.pop("constraints", {}),
    }
    trigger = {key: settings.pop(key) for key in list(settings) if key in DriftTrigger.model_fields}
    rebalancing["drift_trigger"] = trigger | settings.pop("drift_trigger", {})
    rebalancing |= {key: settings.pop(key) for key in list(settings) if key in Rebalancing.model_fields}
    costs = {"etf_commission_rate": fee, "slippage_estimate": slippage} | settings.pop("costs", {})
    return Policy.model_validate({"allocation": groups_read, "rebalancing": rebalancing, "costs": costs} | settings)


def holdings(text: str, *, currency: str = "KRW", on: date = ON) -> Holdings:
    """Holdings. `name:` opens an account (main until one is named); prices after `@` and rates are for `book`."""
    positions, cash = [], []
    for account, item in _items(text):
        if money := _CASH.fullmatch(item):
            kind: CashKind = "dividends" if money["kind"] == "dividends" else "cash"
            cash.append(Cash(account, money["currency"], Decimal(money["amount"]), kind))
        elif not _RATE.match(item):
            row = _match(_POSITION, item)
            positions.append(Position(account, row["code"], Decimal(row["quantity"]), row["currency"] or currency))
    return Holdings(tuple(positions), tuple(cash), as_of=on)


def book(text: str, *, currency: str = "KRW", on: date = ON) -> PriceBook:
    """A price book of `A 100, B 20.5 USD, USD/KRW 1380`, or of the `@` prices in a line for `holdings`."""
    quotes: dict[str, Quote] = {}
    rates: dict[str, FxRate] = {}
    for _, item in _items(text):
        if _CASH.fullmatch(item):
            continue
        row = _match(_POSITION if "@" in item else _PRICE, item)
        price = Decimal(row["price"])
        if "/" in row["code"]:
            base, quote = row["code"].split("/")
            rates[base] = FxRate(base, quote, price, on, "prices.csv")
        elif "@" in item or "@" not in text:
            quotes[row["code"]] = Quote(row["code"], price, row["currency"] or currency, on, "prices.csv")
    history = {code: (quote,) for code, quote in quotes.items()}
    return PriceBook(currency, on, quotes, rates, history)


class Situation(NamedTuple):
    """What the rooms after the front door need."""

    policy: Policy
    holdings: Holdings
    prices: PriceBook


def situation(wanted: Policy | str, held: str, prices: str | None = None, on: date = ON) -> Situation:
    """Policy, holdings and prices at once; the prices may stand in the holdings line."""
    made = policy(wanted) if isinstance(wanted, str) else wanted
    base = made.base_currency
    return Situation(made, holdings(held, currency=base, on=on), book(prices or held, currency=base, on=on))


DOCUMENT_000 = (
    "core: 360750 35 [30..40], 069500 15 [10..20], 305080 15 [10..20], 273130 5 [2..8];"
    " satellite: 091230 10 [5..15], 305720 10 [5..15], 319640 10 [5..15]"
)
# The document's values; its 45 shares of 069500 for 1,600,000 won are no price, so here they are 50 at 32,000.
DOCUMENT_000_HELD = (
    "main: 360750 250 @ 16800, 069500 50 @ 32000, 305080 140 @ 10000, 273130 50 @ 10000,"
    " 091230 30 @ 50000, 305720 25 @ 32000, 319640 80 @ 12500"
)
DOCUMENT_000_NAMES = {
    "360750": "TIGER 미국S&P500",
    "069500": "KODEX 200",
    "305080": "TIGER 미국채10년선물",
    "273130": "KODEX 종합채권(AA-이상)액티브",
    "091230": "TIGER 반도체",
    "305720": "KODEX 2차전지산업",
    "319640": "TIGER 골드선물(H)",
}


def document_000(**settings: Any) -> Situation:
    """Source document 000: 11,000,000 won in seven ETFs, hybrid, quarterly, 5 points, minimum trade 100,000."""
    defaults: dict[str, Any] = {
        "name": "2026 장기 성장형",
        "language": "ko",
        "strategy": "hybrid",
        "scheduled": {"frequency": "quarterly", "months": (1, 4, 7, 10)},
        "threshold": "0.05",
        "check_frequency": "weekly",
        "min_trade": "100000",
        "fee": "0.00015",
        "slippage": "0.001",
        "assets": {code: {"ticker": name} for code, name in DOCUMENT_000_NAMES.items()},
    }
    return situation(policy(DOCUMENT_000, **(defaults | settings)), DOCUMENT_000_HELD)


DOCUMENT_001 = "KODEX200 30, VOO 40, TLT 20, GLD 10"
# The document's values; prices times its whole shares do not give them, so each share here is 10,000 won.
DOCUMENT_001_HELD = "KODEX200 280 @ 10000, VOO 480 @ 10000, TLT 160 @ 10000, GLD 80 @ 10000"


def document_001(**settings: Any) -> Situation:
    """Source document 001: 10,000,000 won in four assets at 28/48/16/8 against 30/40/20/10."""
    return situation(policy(DOCUMENT_001, **settings), DOCUMENT_001_HELD)


def _items(text: str) -> Iterator[tuple[str, str]]:
    """(account, item) of a statement line."""
    account = "main"
    for part in text.split(";"):
        rest = part.strip()
        if opened := re.match(r"([^\s:@]+):\s*", rest):
            account, rest = opened[1], rest[opened.end() :]
        for item in rest.split(","):
            if item.strip():
                yield account, item.strip()


def _match(pattern: re.Pattern[str], item: str) -> re.Match[str]:
    found = pattern.fullmatch(item)
    assert found, f"cannot read {item!r}"
    return found


def _allocation(
    text: str, extra: Mapping[str, Mapping[str, object]], group_extra: Mapping[str, Mapping[str, object]]
) -> tuple[dict[str, Any], Decimal]:
    read: dict[str, Any] = {}
    cash = Decimal(0)
    for number, part in enumerate(text.split(";")):
        name, colon, items = part.rpartition(":")
        path = [step.strip() for step in name.split("/")] if colon else [f"group{number or ''}"]
        holder = read.setdefault(path[0], dict(group_extra.get(path[0], {})))
        if len(path) == 2:
            full_name = " / ".join(path)
            holder = holder.setdefault("groups", {}).setdefault(path[1], dict(group_extra.get(full_name, {})))
        for item in items.split(","):
            row = _match(_ASSET, item.strip())
            if row["code"] == "cash":
                cash = _percent(row["target"])
            else:
                holder.setdefault("assets", []).append(_asset(row, extra.get(row["code"], {})))
    return read, cash


def _asset(row: re.Match[str], extra: Mapping[str, object]) -> dict[str, object]:
    band = {key: _percent(row[key]) for key in ("min", "max") if row[key]}
    return {"code": row["code"], "target": _percent(row["target"]), **band, **extra}


def _percent(text: str) -> Decimal:
    return Decimal(text).scaleb(-2)
