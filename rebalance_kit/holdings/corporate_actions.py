"""Corporate actions: splits, reverse splits, mergers, spin-offs and new codes, from a dated file.

A split changes the quantity and the price of a share, never a target weight, a total cost or the day of a purchase
(source document 003 says otherwise of the weights). An action counts for holdings that were written down before its
day, and only for those: holdings of its day or later have it already. The day of the holdings moves on with it, so
that nothing is applied twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from rebalance_kit.holdings.model import Cash, Holdings, Lot, Position
from rebalance_kit.holdings.parcels import Outcome, Terms, convert
from rebalance_kit.money import ONE, ZERO, exact_sum, plain, show_money
from rebalance_kit.policy.model import Policy
from rebalance_kit.words import Finding, Text

FILE_NAME = "corporate_actions.csv"
UNDATED_DAYS = 90  # how long an action may leave undated holdings in doubt


class ActionKind(StrEnum):
    SPLIT = "split"
    REVERSE_SPLIT = "reverse_split"
    MERGER = "merger"
    SPIN_OFF = "spin_off"
    CODE_CHANGE = "code_change"
    NONE = "none"  # a jump of the price that was looked into and is the market's


@dataclass(frozen=True, slots=True)
class Action:
    """One corporate action. `date` is the first day on which the asset trades after it.

    `new` shares of `new_code` (of `code` itself for a split) come for `old` ones of `code`; `cash` is paid for each old
    share, in `currency`. `price` is one new share in money (what a fraction is settled at, and what a merger or a
    spin-off divides the cost by), `old_price` one old share after a spin-off, `cost_share` the part of the cost that a
    spin-off takes with it, where the company states it.
    """

    date: date
    code: str
    kind: ActionKind
    currency: str
    new: Decimal = ONE
    old: Decimal = ONE
    new_code: str | None = None
    cash: Decimal = ZERO
    price: Decimal | None = None
    old_price: Decimal | None = None
    cost_share: Decimal | None = None

    @property
    def ratio(self) -> Fraction:
        """New shares for one old share."""
        return Fraction(self.new) / Fraction(self.old)

    @property
    def is_split(self) -> bool:
        return self.kind in (ActionKind.SPLIT, ActionKind.REVERSE_SPLIT)

    @property
    def spun_share(self) -> Fraction:
        """The part of the old cost, and of the old price, that a spin-off takes with it."""
        if self.cost_share is not None:
            return Fraction(self.cost_share)
        new = self.ratio * Fraction(self.price or 0)
        return new / (new + Fraction(self.old_price or 0))

    @property
    def name(self) -> Text:
        """What happened, in a few words."""
        rate = f"{plain(self.new)}:{plain(self.old)}"
        return {
            ActionKind.SPLIT: Text(f"{rate} split", f"{rate} 주식분할"),
            ActionKind.REVERSE_SPLIT: Text(f"{rate} reverse split", f"{rate} 주식병합"),
            ActionKind.MERGER: Text(
                f"merger into {self.new_code or 'cash'}", f"{self.new_code or '현금'}(으)로의 합병"
            ),
            ActionKind.SPIN_OFF: Text(f"spin-off of {self.new_code}", f"{self.new_code} 분할 상장"),
            ActionKind.CODE_CHANGE: Text(f"new code {self.new_code}", f"{self.new_code}(으)로의 코드 변경"),
            ActionKind.NONE: Text("nothing", "해당 없음"),
        }[self.kind]


@dataclass(frozen=True, slots=True)
class Applied:
    """What an action did in one account. Costs are totals, None where the cost is unknown.

    `cash` came in for a fraction of a share or as a merger's payment, `cost_of_cash` is the part of the cost that left
    with it: `cash - cost_of_cash` is what was gained. Always cost_before = cost_after + cost_of_cash.
    """

    action: Action
    account: str
    before: Decimal
    after: Decimal
    currency: str
    cost_before: Decimal | None
    cost_after: Decimal | None
    cash: Decimal
    cost_of_cash: Decimal | None
    unpaid_fraction: Fraction


@dataclass(frozen=True, slots=True)
class Adjusted:
    """Holdings after the actions that they did not have yet, and what those did."""

    holdings: Holdings
    applied: tuple[Applied, ...] = ()


def apply_actions(holdings: Holdings, actions: Iterable[Action], policy: Policy, on: date) -> Adjusted:
    """The holdings on the terms of the day `on`, with findings that say what was changed.

    Holdings without a date count as of `on` (definition 27), so nothing is applied to them; a recent action of an asset
    they hold is then an error: nobody knows whether the quantity has it already.
    """
    due = sorted((a for a in actions if a.date <= on and a.kind is not ActionKind.NONE), key=lambda a: a.date)
    lots = _older_lots(holdings, due)
    held = replace(holdings, lots=lots.lots, findings=(*holdings.findings, *lots.findings))
    if held.as_of is None:
        doubts = tuple(_undated(held, due, on, settled=lots.settled))
        return Adjusted(replace(held, findings=(*held.findings, *doubts)))
    applied: list[Applied] = []
    for action in due:
        if action.date > held.as_of:
            positions = [position for position in held.positions if position.code == action.code]
            for position in positions:
                held, done = _apply(held, position, action, policy)
                applied.append(done)
    if applied:
        found = tuple(finding for done in applied for finding in _say(done))
        last = max(done.action.date for done in applied)
        held = replace(held, as_of=last, findings=(*held.findings, *found))
    return Adjusted(held, tuple(applied))


def _apply(held: Holdings, position: Position, action: Action, policy: Policy) -> tuple[Holdings, Applied]:
    """One action on one position: its lots, its cost and the cash that comes for it."""
    mine = [lot for lot in held.lots if (lot.account, lot.code) == (position.account, position.code)]
    terms = _terms(action, position, policy)
    outcome = convert(position, mine, terms)
    others = [p for p in held.positions if p is not position]
    lots = [lot for lot in held.lots if lot not in mine]
    for part, code in ((outcome.stays, action.code), (outcome.comes, action.new_code or action.code)):
        others = _merge(others, replace(position, code=code, name=_name(position, code)), part.quantity, part.cost)
        lots = _add_lots(lots, part.lots, code)
    cash = _add_cash(held.cash, position.account, position.currency, outcome.cash)
    after = replace(held, positions=tuple(others), lots=tuple(lots), cash=cash)
    return after, _applied(action, position, outcome)


def _terms(action: Action, position: Position, policy: Policy) -> Terms:
    rule = policy.accounts.get(position.account)
    fractional = bool(rule and rule.fractional) or position.quantity != position.quantity.to_integral_value()
    spin_off = action.kind is ActionKind.SPIN_OFF
    return Terms(
        ratio=action.ratio,
        stays=Fraction(1) if spin_off else Fraction(0),
        spun_share=action.spun_share if spin_off else Fraction(1),
        payment=action.cash,
        price=action.price,
        fractional=fractional,
        same_fund=action.is_split or action.kind is ActionKind.CODE_CHANGE,
    )


def _name(position: Position, code: str) -> str | None:
    return position.name if code == position.code else None


def _merge(positions: Sequence[Position], like: Position, quantity: Decimal, cost: Decimal | None) -> list[Position]:
    """The positions with some more of one, a new one where there was none."""
    if quantity == 0:
        return list(positions)
    there = [p for p in positions if (p.account, p.code) == (like.account, like.code)]
    total = exact_sum((quantity, *(p.quantity for p in there)))
    costs = [cost, *(p.cost for p in there)]
    known = [c for c in costs if c is not None]
    both = exact_sum(known) if len(known) == len(costs) else None
    name = next((p.name for p in there if p.name), like.name)
    return [*(p for p in positions if p not in there), replace(like, quantity=total, cost=both, name=name)]


def _add_lots(lots: Sequence[Lot], more: Iterable[Lot], code: str) -> list[Lot]:
    """Lots under a code; one whose name is taken there says where it comes from."""
    every = list(lots)
    for lot in more:
        taken = {other.lot_id for other in every if (other.account, other.code) == (lot.account, code)}
        lot_id = lot.lot_id if lot.lot_id not in taken else f"{lot.lot_id} ({lot.code})"
        every.append(replace(lot, code=code, lot_id=lot_id))
    return every


def _add_cash(cash: Sequence[Cash], account: str, currency: str, amount: Decimal) -> tuple[Cash, ...]:
    if amount == 0:
        return tuple(cash)
    for row in cash:
        if (row.account, row.currency, row.kind) == (account, currency, "cash"):
            more = replace(row, amount=exact_sum((row.amount, amount)))
            return (*(other for other in cash if other is not row), more)
    return (*cash, Cash(account, currency, amount))


def _applied(action: Action, position: Position, outcome: Outcome) -> Applied:
    costs = [part.cost for part in (outcome.stays, outcome.comes)]
    known = None if position.cost is None else exact_sum(cost for cost in costs if cost is not None)
    return Applied(
        action=action,
        account=position.account,
        before=position.quantity,
        after=outcome.comes.quantity,
        currency=position.currency,
        cost_before=position.cost,
        cost_after=known,
        cash=outcome.cash,
        cost_of_cash=outcome.cost_of_cash,
        unpaid_fraction=outcome.unpaid_fraction,
    )


def _say(done: Applied) -> Iterable[Finding]:
    action = done.action
    what, code = action.name, action.new_code or action.code
    joint = "+" if action.kind is ActionKind.SPIN_OFF else "→"
    shares = f"{plain(done.before)} {action.code} {joint} {plain(done.after)} {code}"
    more = Text("", "")
    if done.cash:
        money = show_money(done.cash, done.currency)
        more = Text(f", and {money} in cash", f", 현금 {money}")
    if done.cost_of_cash:
        cost = show_money(done.cost_of_cash, done.currency)
        more = Text(f"{more.en}; {cost} of the cost leaves with it", f"{more.ko}; 매입금액 {cost}이(가) 함께 빠집니다")
    elif action.is_split:
        more = Text(f"{more.en}; the total cost stays", f"{more.ko}; 총 매입금액은 그대로입니다")
    message = Text(
        f"{action.date} {what.en}, account {done.account}: {shares}{more.en}",
        f"{action.date} {what.ko}, {done.account} 계좌: {shares}{more.ko}",
    )
    yield Finding("corporate_action", "info", message, code)
    if done.unpaid_fraction:
        message = Text(
            f"{action.date} {what.en}: a fraction of a share of {code} in account {done.account} was settled in cash;"
            f" {FILE_NAME} names no price for it, so the cash is not counted",
            f"{action.date} {what.ko}: {done.account} 계좌 {code}의 단주는 현금으로 정산되는데 {FILE_NAME}에 가격이"
            " 없어 그 현금은 세지 않았습니다",
        )
        yield Finding("cash_in_lieu_unknown", "warning", message, code)


@dataclass(frozen=True, slots=True)
class _OlderLots:
    lots: tuple[Lot, ...]
    findings: tuple[Finding, ...] = ()
    settled: frozenset[tuple[str, date]] = frozenset()


def _older_lots(held: Holdings, due: Sequence[Action]) -> _OlderLots:
    """Lots of before a split beside quantities of after it: their sum times the ratio is what is held.

    `settled` are the actions that the quantities are thereby shown to have.
    """
    lots, found, settled = held.lots, [], set()
    for action in due:
        if not action.is_split or (held.as_of is not None and held.as_of < action.date):
            continue
        for position in (p for p in held.positions if p.code == action.code):
            mine = [lot for lot in lots if (lot.account, lot.code) == (position.account, position.code)]
            bought = exact_sum(lot.quantity for lot in mine)
            before = replace(position, quantity=bought, cost=None)
            if not mine or bought == position.quantity or any(lot.date >= action.date for lot in mine):
                continue
            fractional = position.quantity != position.quantity.to_integral_value()
            terms = Terms(action.ratio, price=action.price, fractional=fractional, same_fund=True)
            after = convert(before, mine, terms).comes
            if after.quantity == position.quantity:
                lots = (*(lot for lot in lots if lot not in mine), *after.lots)
                settled.add((action.code, action.date))
                found.append(_lots_adjusted(position, action))
    return _OlderLots(lots, tuple(found), frozenset(settled))


def _lots_adjusted(position: Position, action: Action) -> Finding:
    message = Text(
        f"the lots of {position.code} in account {position.account} are from before the {action.name.en} of"
        f" {action.date} and were adjusted to the {plain(position.quantity)} shares held",
        f"{position.account} 계좌 {position.code}의 로트는 {action.date} {action.name.ko} 이전 것이어서 보유 수량"
        f" {plain(position.quantity)}주에 맞추었습니다",
    )
    return Finding("lots_adjusted", "info", message, position.code)


def _undated(
    held: Holdings, due: Iterable[Action], on: date, settled: frozenset[tuple[str, date]]
) -> Iterable[Finding]:
    codes = {position.code for position in held.positions}
    for action in due:
        recent = on - action.date <= timedelta(days=UNDATED_DAYS)
        if action.code in codes and recent and (action.code, action.date) not in settled:
            message = Text(
                f"{held.source} has no date, so nobody knows whether its {action.code} has the {action.name.en} of"
                f" {action.date} already; add a date column that says of which day the quantities are",
                f"{held.source}에 날짜가 없어 {action.code} 수량에 {action.date} {action.name.ko}이(가) 반영되었는지"
                " 알 수 없습니다; 수량 기준일을 적은 date 열을 추가해 주세요",
            )
            yield Finding("undated_holdings", "error", message, action.code)
