"""Target weights that somebody decided, as a dated JSON document: the model portfolio of source document 004.

    {"date": "2026-04-01", "asset_classes": {"stocks": 0.6, "bonds": 0.4},
     "assets": {"stocks": {"360750": 0.7, "069500": 0.3}, "bonds": {"305080": 1}}, "reason": "..."}

`asset_classes` is its MP, `assets` its Sub-MP. The weights inside a class either all sum to one in each class (shares
of the class) or to the class's own weight (shares of the portfolio); which of the two is seen, never guessed. Weights
may be texts ("0.35"), which loses nothing. What `asset_classes` leaves of one is cash and must be the policy's target.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

from rebalance_kit import arguments
from rebalance_kit.errors import UsageError
from rebalance_kit.money import as_decimal, exact_sum, plain, product
from rebalance_kit.policy.model import Policy
from rebalance_kit.proposals.door import (
    JsonValue,
    ProposalError,
    fault,
    read_json_file,
    record,
    short,
    text_of,
    wrong_value,
)
from rebalance_kit.words import Text

_KEYS = ("date", "asset_classes", "assets", "reason")
_WEIGHT = Text('a weight from 0 to 1 such as 0.35 or "0.35"', '0.35나 "0.35"처럼 0부터 1까지의 비중')


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided: the weight of every asset of the policy, exact, and the day and reason that were stated."""

    day: date
    targets: Mapping[str, Decimal]
    reason: str


def read_decision(path: Path, policy: Policy, on: date) -> Decision:
    """The decision of a file, checked like a policy. Raises ProposalError with the place of what is wrong: a code that
    the policy lacks, a class whose weights do not sum, a weight outside the asset's own min and max, a day after
    `on`."""
    return decision_of(read_json_file(path), policy, on, str(path))


def decision_of(document: JsonValue, policy: Policy, on: date, source: str) -> Decision:
    """The same for a document that was read."""
    said = record(document, "document", _KEYS, source)
    day = _day(said.get("date"), on, source)
    classes = _weights(said.get("asset_classes"), "asset_classes", source)
    assets = record(said.get("assets"), "assets", tuple(classes), source)
    inside = {name: _weights(assets.get(name), f"assets.{name}", source) for name in classes}
    targets = _targets(classes, inside, source)
    _refuse_strangers(targets, policy, source)
    whole = {asset.code: targets.get(asset.code, Decimal(0)) for asset in policy.assets}
    _refuse_bands(whole, policy, source)
    total = exact_sum((*whole.values(), policy.rebalancing.cash.target))
    if total != 1:
        raise fault(
            "weights",
            f"{source}: asset_classes",
            Text(f"with the cash target the weights sum to {plain(total)}", f"현금 목표와 합치면 {plain(total)}입니다"),
            Text("exactly 1", "정확히 1"),
            Text("correct a weight", "비중을 고쳐 주세요"),
        )
    return Decision(day, whole, text_of(said.get("reason", ""), "reason", source, 500))


def _targets(
    classes: Mapping[str, Decimal], inside: Mapping[str, Mapping[str, Decimal]], source: str
) -> dict[str, Decimal]:
    sums = {name: exact_sum(weights.values()) for name, weights in inside.items()}
    shares_of_class = all(total == 1 for name, total in sums.items() if classes[name])
    if not shares_of_class:
        for name, total in sums.items():
            if total != classes[name]:
                own = plain(classes[name])
                raise fault(
                    "weights",
                    f"{source}: assets.{name}",
                    Text(f"the weights sum to {plain(total)}", f"비중의 합이 {plain(total)}입니다"),
                    Text(
                        f"1 in every class, or {own} as in asset_classes",
                        f"모든 자산군에서 1, 또는 asset_classes의 {own}",
                    ),
                    Text("correct a weight", "비중을 고쳐 주세요"),
                )
    targets: dict[str, Decimal] = {}
    for name, weights in inside.items():
        for code, weight in weights.items():
            if code in targets:
                raise fault(
                    "code_twice",
                    f"{source}: assets.{name}.{code}",
                    Text("the code stands in two classes", "코드가 두 자산군에 있습니다"),
                    Text("each code once", "코드마다 한 번"),
                    Text("keep one", "하나만 남겨 주세요"),
                )
            targets[code] = product(weight, classes[name]) if shares_of_class else weight
    return targets


def _weights(value: object, place: str, source: str) -> dict[str, Decimal]:
    if not isinstance(value, dict) or not value:
        raise wrong_value(source, place, value, Text("an object of weights", "비중을 적은 객체"))
    return {name: _weight(weight, f"{place}.{name}", source) for name, weight in value.items()}


def _weight(value: object, place: str, source: str) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | Decimal | str):
        raise wrong_value(source, place, value, _WEIGHT)
    try:
        number = Decimal(0) if value in (0, "0") else arguments.share(place, value)
    except UsageError:
        raise wrong_value(source, place, value, _WEIGHT) from None
    return as_decimal(Fraction(number))


def _day(value: object, on: date, source: str) -> date:
    expected = Text(
        f"the day of the decision, up to {on}, such as 2026-04-01", f"결정한 날짜({on}까지), 예: 2026-04-01"
    )
    if not isinstance(value, str):
        raise wrong_value(source, "date", value, expected)
    try:
        day = arguments.day("date", value)
    except UsageError:
        raise wrong_value(source, "date", value, expected) from None
    if day > on:
        raise wrong_value(source, "date", value, expected)
    return day


def _refuse_strangers(targets: Mapping[str, Decimal], policy: Policy, source: str) -> None:
    for code in targets:
        if policy.asset(code) is None:
            raise _unknown(short(code), policy, source)


def _unknown(code: str, policy: Policy, source: str) -> ProposalError:
    known = tuple(asset.code for asset in policy.assets)
    near = arguments.nearest(code, known)
    fix = (
        Text(f"did you mean {near}?", f"{near}을(를) 뜻했나요")
        if near
        else Text("add it to portfolio.yaml first", "먼저 portfolio.yaml에 넣어 주세요")
    )
    return fault(
        "unknown_code",
        f"{source}: assets",
        Text(f"{code} is not in the policy", f"정책에 {code}이(가) 없습니다"),
        Text("codes of portfolio.yaml", "portfolio.yaml의 코드"),
        fix,
    )


def _refuse_bands(targets: Mapping[str, Decimal], policy: Policy, source: str) -> None:
    for asset in policy.assets:
        low, high = asset.min or Decimal(0), Decimal(1) if asset.max is None else asset.max
        if not low <= targets[asset.code] <= high:
            shown = plain(targets[asset.code])
            raise fault(
                "outside_band",
                f"{source}: assets",
                Text(f"the target {shown} of {asset.code}", f"{asset.code}의 목표 {shown}"),
                Text(
                    f"a weight from its min {plain(low)} to its max {plain(high)}",
                    f"정책의 min {plain(low)}부터 max {plain(high)}까지",
                ),
                Text("correct the decision, or the policy", "결정이나 정책을 고쳐 주세요"),
            )
