"""Harvesting in the United States: losses of single lots, as far as no purchase within 30 days washes them.

Each lot is looked at alone against the purchases of every account (its own lot is none: Rev. Rul. 56-602) and the
planned ones; the taxes saved follow one another, deepest loss first, so that what a first harvest has used up is not
counted again. A lot must be named to the broker at or before settlement.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from fractions import Fraction

from rebalance_kit.money import as_decimal, plain, show_percent
from rebalance_kit.tax import doubts
from rebalance_kit.tax.case import Case, TaxPosition
from rebalance_kit.tax.estimate_us import (
    SHELTERED,
    group_of,
    is_collectible,
    lot_key,
    purchases_known,
    realised_so_far,
    taxpayer,
    wash_reason,
)
from rebalance_kit.tax.harvest_model import Action, Candidate
from rebalance_kit.tax.harvest_rules import (
    OpenLot,
    candidate,
    is_deep_loss,
    open_lots_of,
    pays,
    replacement_of,
    round_trip_cost,
    sellable,
    too_dear,
    unknown_cost,
)
from rebalance_kit.tax.lots import NONE
from rebalance_kit.tax.model import Purchase
from rebalance_kit.tax.rules import Reading
from rebalance_kit.tax.us import Gains, days_to_long_term, gains_tax, is_long_term
from rebalance_kit.tax.wash import Bought, Sold, WashedSale, free_from, wash_sales
from rebalance_kit.words import Finding, Text

_SHELTERED = Text("nothing is taxed inside the account", "계좌 안에서는 과세되지 않습니다")
_SHALLOW = Text("the loss is not deeper than {limit}", "손실이 {limit}보다 깊지 않습니다")
_LONG = Text("a gain, long-term already", "이익이며 이미 장기 보유입니다")
_SHORT = Text("a gain, long-term in {days} days", "이익이며 {days}일 뒤 장기 보유가 됩니다")
_GAIN = Text("a gain", "이익입니다")
_WASHED = Text("the whole loss would be washed", "손실 전부가 인정되지 않습니다")
_PARTLY = Text("the loss of {counted} of {all} shares counts", "{all}주 중 {counted}주의 손실이 인정됩니다")
_LOSS = Text("its loss counts this year", "올해 손실로 인정됩니다")
_NO_USE = Text(
    "it would reduce no tax of this year; the loss would only be carried forward",
    "올해 세금은 줄지 않고 손실이 이월될 뿐입니다",
)
_LATER = Text("bought after the day of the question", "기준일 이후에 매수했습니다")
_NO_SHARE = Text("less than one share", "1주에 못 미칩니다")
_NAME_IT = Text("; name the lot to the broker", ", 증권사에 이 로트를 지정해야 합니다")


def american_candidates(
    case: Case, positions: Sequence[TaxPosition], planned: Iterable[Purchase], reading: Reading
) -> list[Candidate]:
    """A row for every lot of the positions."""
    buys = tuple(planned)
    made: list[Candidate] = []
    losers: list[OpenLot] = []
    for position in positions:
        for row in open_lots_of(case, position):
            reason = _nothing_to_harvest(case, row)
            if reason is None:
                losers.append(row)
            else:
                made.append(candidate(case, row, Action.NONE, reason))
        if position.uncovered:
            made.append(unknown_cost(case, position))
    made += _harvested(case, losers, buys, reading)
    return sorted(made, key=lambda row: (row.account, row.code, row.lot_id))


def _nothing_to_harvest(case: Case, row: OpenLot) -> Text | None:
    if row.position.account_type in SHELTERED:
        return _SHELTERED
    if row.lot.bought is not None and row.lot.bought > case.on:
        return _LATER
    if row.gain >= 0:
        if row.lot.bought is None:
            return _GAIN
        days = days_to_long_term(row.lot.bought, case.on)
        return Text(_SHORT.en.format(days=days), _SHORT.ko.format(days=days)) if days else _LONG
    if not is_deep_loss(case, row):
        limit = show_percent(case.policy.tax.harvest_loss_pct)
        return Text(_SHALLOW.en.format(limit=limit), _SHALLOW.ko.format(limit=limit))
    return None if sellable(case, row) else _NO_SHARE


def _harvested(case: Case, losers: list[OpenLot], planned: Sequence[Purchase], reading: Reading) -> list[Candidate]:
    who, gains = taxpayer(case), realised_so_far(case)
    known = purchases_known(case, [row.position.code for row in losers], planned)
    made = []
    for row in sorted(losers, key=lambda row: (row.gain / row.lot.cost, row.position.code, row.lot.lot_id)):
        washed = _washed(case, row, known, reading)
        counted = _gains(case, row, washed)
        saved = gains_tax(gains, who, reading) - gains_tax(gains + counted, who, reading)
        result = _judged(case, row, washed, saved, reading)
        if result.action is Action.LOSS:
            gains += counted
        made.append(_with_conflicts(result, washed, reading))
    return made


def _washed(case: Case, row: OpenLot, known: Sequence[Bought], reading: Reading) -> WashedSale:
    """The sale of the lot today against the purchases of what is identical."""
    quantity = sellable(case, row)
    group = group_of(case, row.position.code)
    lots = [lot for lot in known if lot.group == group]
    sold = Sold(
        lot_key(row.position.code, row.lot.lot_id), case.on, quantity, quantity * row.share_value, row.position.account
    )
    done, _ = wash_sales(lots, [sold], days=int(reading.value("us_wash_days")))
    return done[0]


def _gains(case: Case, row: OpenLot, washed: WashedSale) -> Gains:
    loss = washed.allowed
    if not is_long_term(row.lot.bought, case.on):
        return Gains(short=loss)
    return Gains(long=loss, collectible=loss if is_collectible(case, row.position.code) else NONE)


def _judged(case: Case, row: OpenLot, washed: WashedSale, saved: Fraction, reading: Reading) -> Candidate:
    quantity = washed.sold.quantity
    rebought = usable_replacement(case, row.position.code) or row.position.code
    cost = round_trip_cost(case, reading, row, quantity, rebought)

    def result(action: Action, reason: Text) -> Candidate:
        return candidate(case, row, action, reason, quantity=quantity, saved=saved, cost=cost)

    if not washed.allowed:
        return result(Action.NONE, _WASHED)
    if saved <= 0:
        return result(Action.NONE, _NO_USE)
    if not pays(reading, saved, cost, quantity * row.share_value):
        return result(Action.NONE, too_dear(case, saved, cost))
    reason = _LOSS
    if washed.matches:
        counted, whole = _shares(quantity - washed.washed_quantity), _shares(quantity)
        reason = Text(_PARTLY.en.format(counted=counted, all=whole), _PARTLY.ko.format(counted=counted, all=whole))
    reason = Text(reason.en + _NAME_IT.en, reason.ko + _NAME_IT.ko)
    free = free_from(case.on, int(reading.value("us_wash_days")))
    pair = usable_replacement(case, row.position.code)
    return replace(result(Action.LOSS, reason), rebuy_from=free, replacement=pair)


def usable_replacement(case: Case, code: str) -> str | None:
    """The user's pair, unless it is the same thing by the user's own words."""
    replacement = replacement_of(case, code)
    return None if replacement in case.instrument(code).identical else replacement


def replacement_doubts(case: Case, made: Iterable[Candidate]) -> list[Finding]:
    """What is to be said of the pairs of lots that are harvested."""
    found = []
    for code in sorted({row.code for row in made if row.action is Action.LOSS}):
        replacement = replacement_of(case, code)
        if replacement is not None:
            same_thing = usable_replacement(case, code) is None
            said = doubts.identical_replacement if same_thing else doubts.replacement_to_check
            found.append(said(code, replacement))
    return found


def _with_conflicts(made: Candidate, washed: WashedSale, reading: Reading) -> Candidate:
    """What washes how much of the loss, and the first day on which it no longer would."""
    if not washed.matches:
        return made
    free = free_from(max(match.bought for match in washed.matches), int(reading.value("us_wash_days")))
    return replace(made, conflicts=tuple(wash_reason([match]) for match in washed.matches), blocked_until=free)


def _shares(quantity: Fraction) -> str:
    return plain(as_decimal(quantity))
