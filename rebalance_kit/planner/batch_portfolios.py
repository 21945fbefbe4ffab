"""Opened portfolios as the arrays of `plan_many`: one account each, all under one policy and at one set of prices."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from rebalance_kit.errors import RuleError, UsageError
from rebalance_kit.holdings.model import Holdings
from rebalance_kit.money import exact_sum
from rebalance_kit.policy.model import Policy
from rebalance_kit.prices.model import PriceBook
from rebalance_kit.words import Text


class Opened(Protocol):
    """What is used of a `Portfolio`."""

    @property
    def folder(self) -> Path: ...
    @property
    def policy(self) -> Policy: ...
    @property
    def holdings(self) -> Holdings: ...
    @property
    def prices(self) -> PriceBook: ...
    @property
    def on(self) -> date: ...


class Stacked(NamedTuple):
    """The portfolios as arguments of `plan_many`."""

    policy: Policy
    quantities: npt.NDArray[Any]  # Decimals (A, N)
    codes: list[str]
    prices: dict[str, Decimal]
    cash: list[Decimal]
    names: list[str]
    account: str
    on: date


def are_portfolios(given: Any) -> bool:
    """Is it a sequence of portfolios rather than of numbers?"""
    return isinstance(given, Sequence) and bool(given) and all(hasattr(one, "holdings") for one in given)


def stacked(portfolios: Sequence[Opened]) -> Stacked:
    """The portfolios side by side. UsageError where they differ in policy, date or price, hold several accounts or
    another currency; RuleError where prices must not be planned on."""
    first = portfolios[0]
    accounts = [_account(one) for one in portfolios]
    names = [one.folder.name for one in portfolios]
    if len(set(names)) < len(names):
        names = [str(one.folder) for one in portfolios]
    prices: dict[str, Decimal] = {}
    for one, account in zip(portfolios, accounts, strict=True):
        if _rules(one.policy) != _rules(first.policy) or account != accounts[0]:
            raise _differ(one, Text("its policy is another one", "정책이 다릅니다"))
        if one.on != first.on:
            raise _differ(one, Text(f"its date is {one.on}", f"기준일이 {one.on}입니다"))
        for code, price in _prices(one).items():
            if prices.setdefault(code, price) != price:
                raise _differ(one, Text(f"{code} costs {price} there", f"{code} 가격이 {price}입니다"))
    held = [one.holdings.quantities() for one in portfolios]
    codes = [asset.code for asset in first.policy.assets]
    codes += sorted({code for quantities in held for code, n in quantities.items() if n} - set(codes))
    rows = [[quantities.get(code, Decimal(0)) for code in codes] for quantities in held]
    quantities = np.array(rows, dtype=object).reshape(len(rows), len(codes))
    cash = [_cash(one) for one in portfolios]
    return Stacked(first.policy, quantities, codes, prices, cash, names, accounts[0], first.on)


def _rules(policy: Policy) -> dict[str, object]:
    """A policy without what people call it."""
    return policy.model_dump(exclude={"name", "owner", "language", "governance"})


def _account(one: Opened) -> str:
    accounts = one.holdings.accounts or tuple(one.policy.accounts)[:1]
    if len(accounts) > 1:
        raise _differ(one, Text(f"it has several accounts: {', '.join(accounts)}",
                                f"계좌가 여럿입니다: {', '.join(accounts)}"))  # fmt: skip
    return accounts[0]


def _prices(one: Opened) -> dict[str, Decimal]:
    refused = next((finding for finding in one.prices.findings if finding.severity == "error"), None)
    if refused is not None:
        raise RuleError(
            refused.rule,
            where=Text(f"portfolio {one.folder.name}, prices", f"포트폴리오 {one.folder.name}, 가격"),
            wrong=Text(refused.message.en.rstrip(". "), refused.message.ko.rstrip(". ")),
            expected=Text("prices that a plan may rest on", "계획의 바탕이 될 수 있는 가격"),
            fix=Text("correct the price or give a newer one", "가격을 바로잡거나 새 가격을 적어 주세요"),
        )
    if one.prices.judged:
        raise _differ(one, Text("its policy judges drift by averaged prices or by a proxy's",
                                "정책이 평균 가격이나 대용 가격으로 판단합니다"))  # fmt: skip
    base = one.policy.base_currency
    return {code: quote.price for code, quote in one.prices.quotes.items() if quote.currency == base}


def _cash(one: Opened) -> Decimal:
    """Cash that counts; dividends where the policy counts them."""
    base, dividends = one.policy.base_currency, one.policy.rebalancing.cash.dividends == "count"
    counted = [row for row in one.holdings.cash if row.kind == "cash" or dividends]
    foreign = next((row.currency for row in counted if row.currency != base and row.amount), None)
    if foreign is not None:
        raise _differ(one, Text(f"it holds cash in {foreign}", f"{foreign} 현금이 있습니다"))
    return exact_sum(row.amount for row in counted if row.currency == base)


def _differ(one: Opened, wrong: Text) -> UsageError:
    return UsageError(
        "portfolios_differ",
        where=Text(f"portfolio {one.folder.name}", f"포트폴리오 {one.folder.name}"),
        wrong=wrong,
        expected=Text(
            "portfolios of one account and currency under one policy, at the same prices of one day",
            "정책, 기준일, 가격이 같고 계좌와 통화가 하나인 포트폴리오들",
        ),
        fix=Text("plan it by itself", "따로 계획해 주세요"),
    )
