"""Many accounts as arrays: quantities, prices and cash read, aligned and checked, all money in whole minor units.

Numbers are taken as they are written: a float 20.53 is 20.53, and 1000000.5 won is refused rather than rounded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from math import lcm
from typing import Any

import numpy as np
import numpy.typing as npt

from rebalance_kit import arguments
from rebalance_kit.errors import HoldingsError, PriceError, RuleError, UsageError
from rebalance_kit.money import minor_unit
from rebalance_kit.policy.model import Policy
from rebalance_kit.words import Text, same

Ints = npt.NDArray[np.int64]
LARGEST = 2**53  # ticks: what the solver's arrays hold exactly
CLOSE = 1e-6  # of a minor unit: what a float may be off by
SAFE = 2**62


@dataclass(frozen=True, slots=True)
class Accounts:
    """A accounts under one policy. `codes` (N) are sorted, those of the policy and what else is held; `quantities` are
    whole shares (A, N); `cash` and `flow` (paid in, or out when negative) are in minor units (A,)."""

    policy: Policy
    names: tuple[str, ...]
    codes: tuple[str, ...]
    quantities: Ints
    prices: tuple[Decimal, ...]
    cash: Ints
    flow: Ints
    on: date | None
    account: str  # whose rules hold: buffer, what it may own
    ticks: int  # in a minor unit: the fewest in which all prices are whole
    price_ticks: Ints  # (N,)
    values: Ints  # (A, N): of each position in minor units, halves rounded up as `PriceBook.value` does
    totals: Ints  # (A,): positions and cash, before any flow

    @property
    def unit(self) -> Decimal:
        """The minor unit of the base currency."""
        return minor_unit(self.policy.base_currency)


def exact(numbers: npt.NDArray[Any], largest: int) -> npt.NDArray[Any]:
    """The whole numbers in a form whose products up to `largest` are exact: int64, or Python's own where that could
    overflow (slower, the same answer)."""
    return numbers.astype(np.int64) if abs(largest) < SAFE else numbers.astype(object)


def read_accounts(
    policy: Policy,
    quantities: Any,
    prices: Any,
    *,
    cash: Any = 0,
    flow: Any = 0,
    codes: Sequence[str] | None = None,
    names: Sequence[str] | None = None,
    on: date | None = None,
    account: str | None = None,
) -> Accounts:
    """What `plan_many` is given, checked. Raises UsageError, HoldingsError or PriceError with the account and code."""
    if account is not None and account not in policy.accounts:
        known = ", ".join(policy.accounts)
        raise arguments.bad_argument("account", account, Text(f"one of {known}", f"다음 중 하나: {known}"))
    labels, columns = _labels(policy, quantities, codes, names)
    counts = _whole_shares(quantities, labels, columns)
    everything = sorted({*columns, *(asset.code for asset in policy.assets)})
    aligned = np.zeros((len(labels), len(everything)), dtype=np.int64)
    aligned[:, [everything.index(code) for code in columns]] = counts
    unit = minor_unit(policy.base_currency)
    exactly = _prices(prices, everything, columns)
    in_minor = [Fraction(price) / Fraction(unit) for price in exactly]
    ticks = lcm(*(price.denominator for price in in_minor))
    price_ticks = np.array([int(price * ticks) for price in in_minor], dtype=object)
    money, flows = _money("cash", cash, labels, unit), _money("contribute", flow, labels, unit)
    _require_exact(labels, aligned, max(price_ticks), np.maximum(np.abs(money), np.abs(flows)) * float(ticks))
    price_ticks = price_ticks.astype(np.int64)
    values = (2 * aligned * price_ticks + ticks) // (2 * ticks)
    return Accounts(
        policy,
        labels,
        tuple(everything),
        aligned,
        exactly,
        money,
        flows,
        on,
        account or next(iter(policy.accounts)),
        ticks,
        price_ticks,
        values,
        values.sum(axis=1) + money,
    )


def _labels(
    policy: Policy, quantities: Any, codes: Sequence[str] | None, names: Sequence[str] | None
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    shape = np.shape(quantities)
    if len(shape) != 2 or 0 in shape:
        raise _wrong_shape("quantities", shape, "(accounts, assets)")
    if hasattr(quantities, "columns"):
        columns, rows = tuple(map(_code, quantities.columns)), tuple(map(str, quantities.index))
    else:
        columns = tuple(codes) if codes is not None else tuple(asset.code for asset in policy.assets)
        rows = tuple(names) if names is not None else tuple(str(place) for place in range(shape[0]))
    if (len(rows), len(columns)) != shape:
        raise _wrong_shape("quantities", shape, f"({len(rows)}, {len(columns)})")
    for kind, given in (("codes", columns), ("accounts", rows)):
        if len(set(given)) != len(given):
            twice = next(name for name in given if given.count(name) > 1)
            raise UsageError(
                "named_twice", where=same(kind), wrong=Text(f"{twice} stands twice", f"{twice}이(가) 두 번 있습니다"),
                expected=Text("each name once", "이름마다 한 번"), fix=Text("merge them", "하나로 합쳐 주세요"),
            )  # fmt: skip
    return rows, columns


def _code(given: Any) -> str:
    """A code is text: a number has already lost its zeros."""
    if isinstance(given, str):
        return given
    raise UsageError(
        "code_not_text",
        where=same("quantities, columns"),
        wrong=Text(f"the code {given} is a number", f"코드 {given}이(가) 숫자입니다"),
        expected=Text("codes as text, such as '069500'", "'069500'처럼 글자로 된 코드"),
        fix=Text("read the codes as text", "코드를 글자로 읽어 주세요"),
    )


def _whole_shares(quantities: Any, labels: Sequence[str], columns: Sequence[str]) -> Ints:
    raw = np.asarray(quantities)
    try:
        numbers = raw.astype(np.float64)
    except (TypeError, ValueError):
        numbers = np.full(raw.shape, np.nan)
    wrong = ~np.isfinite(numbers) | (numbers < 0) | (numbers != np.floor(numbers)) | (numbers >= LARGEST)
    if wrong.any():
        row, column = np.argwhere(wrong)[0]
        shown = raw[row, column]
        raise HoldingsError(
            "bad_quantity",
            where=Text(f"account {labels[row]}, {columns[column]}", f"계좌 {labels[row]}, {columns[column]}"),
            wrong=Text(f"the quantity {shown} cannot be planned", f"수량 {shown}은(는) 계획할 수 없습니다"),
            expected=Text("a whole number of shares, 0 or more", "0 이상의 온전한 주식 수"),
            fix=Text(
                "correct the quantity, or plan this account by itself", "수량을 고치거나 이 계좌만 따로 계획해 주세요"
            ),
        )
    return np.asarray(numbers.astype(np.int64))


def _prices(prices: Any, codes: Sequence[str], columns: Sequence[str]) -> tuple[Decimal, ...]:
    if hasattr(prices, "items"):
        by_code = {str(code): price for code, price in prices.items()}
    else:
        if np.shape(prices) != (len(columns),):
            raise _wrong_shape("prices", np.shape(prices), f"({len(columns)},)")
        by_code = dict(zip(columns, list(prices), strict=True))
    return tuple(_price(code, by_code.get(code)) for code in codes)


def _price(code: str, given: Any) -> Decimal:
    number = _decimal(given)
    if number is None or number <= 0:
        raise PriceError(
            "bad_price",
            where=Text(f"prices, {code}", f"가격, {code}"),
            wrong=Text(f"{given} is no price", f"{given}은(는) 가격이 아닙니다"),
            expected=Text("a price above zero for every asset", "모든 종목의 0보다 큰 가격"),
            fix=Text("give one", "가격을 넣어 주세요"),
        )
    return number


def _money(name: str, given: Any, labels: Sequence[str], unit: Decimal) -> Ints:
    """Amounts by account in minor units."""
    numbers = _by_account(name, given, labels)
    if numbers.dtype.kind in "iuf":
        scaled = numbers * float(1 / unit)
        wrong = ~np.isfinite(scaled) | (np.abs(scaled - np.rint(scaled)) > CLOSE) | (np.abs(scaled) >= LARGEST)
        whole = np.rint(np.where(wrong, 0, scaled)).astype(np.int64)
    else:
        minor = [None if part is None else Fraction(part) / Fraction(unit) for part in map(_decimal, numbers)]
        wrong = np.array([part is None or part.denominator > 1 or abs(part) >= LARGEST for part in minor])
        whole = np.array([0 if bad else int(part or 0) for bad, part in zip(wrong, minor, strict=True)])
    if wrong.any():
        place = int(wrong.argmax())
        raise UsageError(
            "bad_amount",
            where=Text(f"{name}, account {labels[place]}", f"{name}, 계좌 {labels[place]}"),
            wrong=Text(f"{numbers[place]} cannot be used", f"{numbers[place]}은(는) 쓸 수 없습니다"),
            expected=Text(f"an amount in whole units of {unit}", f"{unit} 단위로 떨어지는 금액"),
            fix=Text("round the amount", "금액을 맞춰 주세요"),
        )
    return np.asarray(whole, dtype=np.int64)


def _by_account(name: str, given: Any, labels: Sequence[str]) -> npt.NDArray[Any]:
    if hasattr(given, "items"):
        by_name = {str(label): amount for label, amount in given.items()}
        missing = [label for label in labels if label not in by_name] + [key for key in by_name if key not in labels]
        if missing:
            raise UsageError(
                "accounts_differ",
                where=same(name),
                wrong=Text(f"account {missing[0]} is only on one side", f"계좌 {missing[0]}이(가) 한쪽에만 있습니다"),
                expected=Text("the accounts of the quantities", "수량과 같은 계좌들"),
                fix=Text("name the same accounts", "같은 계좌를 적어 주세요"),
            )
        return np.array([by_name[label] for label in labels])
    array = np.asarray(given)
    if array.ndim == 0:
        return np.full(len(labels), given)
    if array.shape != (len(labels),):
        raise _wrong_shape(name, array.shape, f"({len(labels)},)")
    return array


def _decimal(given: Any) -> Decimal | None:
    try:
        number = Decimal(str(given)) if not isinstance(given, Decimal) else given
    except ArithmeticError:
        return None
    return number if number.is_finite() and not isinstance(given, bool) else None


def _require_exact(labels: Sequence[str], quantities: Ints, price: int, money: npt.NDArray[np.float64]) -> None:
    """RuleError when money is too much to be exact in the solver's arrays."""
    largest = np.maximum(quantities.max(axis=1, initial=1) * float(price) * quantities.shape[1], money)
    wrong = 16 * largest > LARGEST
    if wrong.any():
        name = labels[int(wrong.argmax())]
        raise RuleError(
            "too_large_for_arrays",
            where=Text(f"account {name}", f"계좌 {name}"),
            wrong=Text("its money is too much to be exact in arrays", "배열로 정확히 다룰 수 없을 만큼 큰 금액입니다"),
            expected=Text("less money, or prices with fewer digits", "더 작은 금액이나 더 짧은 가격"),
            fix=Text("plan this account by itself", "이 계좌만 따로 계획해 주세요"),
        )


def _wrong_shape(name: str, shape: tuple[int, ...], expected: str) -> UsageError:
    return UsageError(
        "wrong_shape",
        where=same(name),
        wrong=Text(f"its shape is {shape}", f"모양이 {shape}입니다"),
        expected=Text(f"the shape {expected}", f"모양 {expected}"),
        fix=Text("give one row per account and one column per asset", "계좌마다 한 행, 종목마다 한 열로 주세요"),
    )
