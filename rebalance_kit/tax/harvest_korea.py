"""Harvesting in Korea: losses against this year's realised gains, or gains up to what is left of the deduction.

Only overseas_listed assets (and partnerships) in taxable accounts have anything to harvest. There is no wash-sale rule:
what was sold may be bought again the same day. A position sells its lots in the order of its booking method, so that a
lot can be harvested only after those before it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import ceil, floor

from rebalance_kit.money import show_percent
from rebalance_kit.policy.choices import AccountType, TaxClass
from rebalance_kit.tax.case import OVERSEAS, Case, TaxPosition
from rebalance_kit.tax.harvest_model import Action, Candidate
from rebalance_kit.tax.harvest_rules import (
    OpenLot,
    candidate,
    holds_parts,
    is_deep_loss,
    open_lots_of,
    pays,
    replacement_of,
    round_trip_cost,
    sellable,
    too_dear,
    unknown_cost,
)
from rebalance_kit.tax.korea import deduction_left
from rebalance_kit.tax.korea_accounts import DEFERRED
from rebalance_kit.tax.lots import NONE
from rebalance_kit.tax.rules import Reading
from rebalance_kit.words import Text

_EXEMPT = Text("gains are exempt, so there is nothing to harvest", "매매차익이 비과세여서 실현할 손익이 없습니다")
_OTHER = Text(
    "a loss counts for nothing outside an ISA, and gains have no yearly deduction",
    "ISA 밖에서는 손실이 인정되지 않고 이익에 연간 공제도 없습니다",
)
_ISA = Text(
    "an ISA nets its gains and losses by itself when it ends", "ISA는 해지할 때 계좌 전체 손익을 스스로 통산합니다"
)
_PENSION = Text("nothing is taxed inside the account", "계좌 안에서는 과세되지 않습니다")
_NO_GAINS = Text(
    "no gains beyond the deduction were realised this year, and a loss is not carried forward",
    "올해 공제를 넘는 실현 이익이 없고 손실은 이월되지 않습니다",
)
_ENOUGH = Text("this year's realised gains are already offset", "올해 실현 이익은 이미 모두 상쇄됩니다")
_SHALLOW = Text("the loss is not deeper than {limit}", "손실이 {limit}보다 깊지 않습니다")
_USED = Text("this year's deduction is used up", "올해 공제를 모두 썼습니다")
_ONE_SHARE = Text("one share gains more than what is left of the deduction", "1주의 이익이 남은 공제보다 큽니다")
_NO_SHARE = Text("less than one share", "1주에 못 미칩니다")
_BEHIND = Text("the lots before it would have to be sold first", "먼저 산 로트부터 팔아야 합니다")
_LOSS = Text(
    "its loss offsets this year's realised gains; it may be bought again the same day",
    "올해 실현 이익과 통산됩니다. 같은 날 다시 사도 됩니다",
)
_GAIN = Text(
    "its gain fits into what is left of this year's deduction; sell and buy again the same day to raise the cost base",
    "남은 올해 공제 안의 이익입니다. 같은 날 팔고 다시 사면 취득가액이 높아집니다",
)


_PARTS = 1_000_000  # of a share, in an account that holds parts


@dataclass(frozen=True, slots=True)
class _Mode:
    """Losses or gains: how much of them is of use this year, and the words for it."""

    action: Action
    room: Fraction
    used_up: Text


def korean_candidates(
    case: Case, positions: Sequence[TaxPosition], realised: Fraction, reading: Reading
) -> list[Candidate]:
    """A row for every lot of the positions. `realised` are the overseas gains of the tax year so far."""
    rows: dict[tuple[str, str, str], Candidate] = {}
    queues: list[list[OpenLot]] = []
    extra: list[Candidate] = []
    for position in positions:
        lots = open_lots_of(case, position)
        reason = _nothing_to_harvest(position)
        for row in lots:
            rows[_key(row)] = candidate(case, row, Action.NONE, reason or _BEHIND)
        if reason is None:
            queues.append(list(lots))
        if position.uncovered:
            extra.append(unknown_cost(case, position, reason))
    excess = max(NONE, realised - reading.fraction("kr_overseas_deduction"))
    if excess:
        mode = _Mode(Action.LOSS, excess, _ENOUGH)
    else:
        mode = _Mode(Action.GAIN, deduction_left(realised, reading), _USED)
    for made in _harvested(case, queues, mode, reading):
        rows[made.account, made.code, made.lot_id] = made
    return sorted([*rows.values(), *extra], key=lambda row: (row.account, row.code))


def overseas_gains(case: Case, positions: Sequence[TaxPosition]) -> Fraction:
    """The gains that all overseas lots of taxable accounts would realise together, losses left aside."""
    taxable = [p for p in positions if _nothing_to_harvest(p) is None]
    return sum((max(NONE, row.gain) for p in taxable for row in open_lots_of(case, p)), NONE)


def _key(row: OpenLot) -> tuple[str, str, str]:
    return row.position.account, row.position.code, row.lot.lot_id


def _nothing_to_harvest(position: TaxPosition) -> Text | None:
    if position.account_type is AccountType.ISA:
        return _ISA
    if position.account_type in DEFERRED:
        return _PENSION
    if position.tax_class is TaxClass.KR_EQUITY:
        return _EXEMPT
    return None if position.tax_class in OVERSEAS else _OTHER


def _harvested(case: Case, queues: list[list[OpenLot]], mode: _Mode, reading: Reading) -> list[Candidate]:
    """Take the front lot with the deepest loss (or the highest gain) as long as there is use for it.

    Deep ones first trade least money for what they save. A lot that is not wholly sold keeps those behind it waiting.
    """
    room, done = mode.room, []
    waiting = [list(queue) for queue in queues if queue]
    while waiting:
        waiting.sort(key=lambda queue: _depth(queue[0], mode))
        queue = waiting[0]
        row = queue.pop(0)
        made, used, whole = _judge(case, row, mode, room, reading)
        done.append(made)
        room -= used
        if not whole:
            done += [
                candidate(case, behind, Action.NONE, _refusal(case, behind, mode, room) or _BEHIND) for behind in queue
            ]
        if not whole or not queue:
            waiting.pop(0)
    return done


def _depth(row: OpenLot, mode: _Mode) -> tuple[Fraction, str, str]:
    share = row.gain / row.lot.cost if row.lot.cost else Fraction(0)
    return (share if mode.action is Action.LOSS else -share), row.position.code, row.lot.lot_id


def _judge(case: Case, row: OpenLot, mode: _Mode, room: Fraction, reading: Reading) -> tuple[Candidate, Fraction, bool]:
    """(the lot as a result, how much room it uses, whether it is wholly sold)."""
    refusal = _refusal(case, row, mode, room)
    quantity = NONE if refusal else _quantity(case, row, mode, room)
    if not refusal and not quantity:
        refusal = _NO_SHARE if not sellable(case, row) else _ONE_SHARE
    if refusal:
        return candidate(case, row, Action.NONE, refusal), NONE, False
    used = min(room, abs(row.share_gain) * quantity)
    saved = reading.fraction("kr_overseas_rate") * used
    rebought = replacement_of(case, row.position.code) or row.position.code
    cost = round_trip_cost(case, reading, row, quantity, rebought if mode.action is Action.LOSS else row.position.code)
    if row.position.tax_class is TaxClass.US_PTP:
        cost += quantity * row.share_value * reading.fraction("kr_ptp_withholding")
    if not pays(reading, saved, cost, quantity * row.share_value):
        refused = candidate(
            case, row, Action.NONE, too_dear(case, saved, cost), quantity=quantity, saved=saved, cost=cost
        )
        return refused, NONE, False
    words = _LOSS if mode.action is Action.LOSS else _GAIN
    made = candidate(case, row, mode.action, words, quantity=quantity, saved=saved, cost=cost)
    return replace(made, rebuy_from=case.on), used, quantity == row.lot.quantity


def _refusal(case: Case, row: OpenLot, mode: _Mode, room: Fraction) -> Text | None:
    if mode.action is Action.LOSS:
        if row.gain >= 0:
            return _USED
        if not is_deep_loss(case, row):
            limit = show_percent(case.policy.tax.harvest_loss_pct)
            return Text(_SHALLOW.en.format(limit=limit), _SHALLOW.ko.format(limit=limit))
        return None if room else _ENOUGH
    if row.gain <= 0:
        return _NO_GAINS
    return None if room else _USED


def _quantity(case: Case, row: OpenLot, mode: _Mode, room: Fraction) -> Fraction:
    """The shares whose loss fills the room, or whose gain fits into it."""
    most = sellable(case, row)
    enough = room / abs(row.share_gain)
    steps = _PARTS if holds_parts(case, row.position.account) else 1
    up = mode.action is Action.LOSS
    return min(most, Fraction(ceil(enough * steps) if up else floor(enough * steps), steps))
