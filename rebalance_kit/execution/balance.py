"""After a run: what must be there if every fill is accounted for, what is there, and what the run may be called."""

from __future__ import annotations

from decimal import Decimal

from rebalance_kit.brokers.base import Snapshot
from rebalance_kit.errors import DecisionNeeded
from rebalance_kit.execution.alternatives import made_up_for
from rebalance_kit.execution.records import RunRecord, State
from rebalance_kit.execution.result import RunStatus, Upto
from rebalance_kit.money import ZERO, exact_sum, plain, product, show_money
from rebalance_kit.orders import Side
from rebalance_kit.policy.model import Policy
from rebalance_kit.prices.model import PriceBook
from rebalance_kit.words import Text

LARGEST_CHARGE = Decimal("0.01")  # of what was traded: a broker that took more took something else


def status_of(run: RunRecord) -> RunStatus:
    """SUCCESS: every order filled, or another that stands for it. FAILED: nothing filled. UNKNOWN: an order's fate is
    not known. PARTIAL: the rest."""
    lasts = [intent.last for intent in run.intents]
    if any(last is not None and not last.state.terminal for last in lasts):
        return RunStatus.UNKNOWN
    wanted = run.work.sells if run.work.upto is Upto.SELL else run.work.orders
    states = [one.state for one in run.transfers] + [one.state for one in run.exchanges]
    moved = all(state == "DONE" for state in states)
    filled = [made_up_for(run, one) or (one.last is not None and one.last.state is State.FILLED) for one in run.intents]
    if moved and len(filled) == len(wanted) and all(filled):
        return RunStatus.SUCCESS
    done = run.traded or any(one.state == "DONE" for one in run.exchanges)
    return RunStatus.PARTIAL if done else RunStatus.FAILED


def differences(run: RunRecord, snapshot: Snapshot) -> tuple[Text, ...]:
    """Every share and every unit of cash by which the account differs from the start plus the fills. Zero tolerance;
    what a broker took for orders of which it states no commission must be what it says that it charged."""
    shares, cash = expected(run)
    found = []
    for code in sorted(shares.keys() | {p.code for p in snapshot.positions}):
        there, wanted = snapshot.quantity(code), shares.get(code, ZERO)
        if there != wanted:
            found.append(Text(f"{code}: {plain(there)} shares, {plain(wanted)} expected",
                              f"{code}: {plain(there)}주, 예상 {plain(wanted)}주"))  # fmt: skip
    taken = charges(run, snapshot)
    for currency in sorted(cash.keys() | {c.currency for c in snapshot.cash if c.kind == "cash"}):
        money, due = snapshot.cash_of(currency), cash.get(currency, ZERO)
        if money != due and not (currency in taken and _plausible(run, snapshot, currency, taken[currency])):
            found.append(Text(f"{show_money(money, currency)}, {show_money(due, currency)} expected",
                              f"{show_money(money, currency)}, 예상 {show_money(due, currency)}"))  # fmt: skip
    return tuple(found)


def charges(run: RunRecord, snapshot: Snapshot) -> dict[str, Decimal]:
    """What the orders of a run cost by what its cash lacks, for a broker that states it of no single order."""
    if snapshot.charged is None:
        return {}
    _, cash = expected(run)
    stated: dict[str, Decimal] = {}
    for attempt in run.attempts:
        stated[attempt.currency] = exact_sum((stated.get(attempt.currency, ZERO), attempt.commission))
    return {
        currency: exact_sum((cash.get(currency, ZERO), fee, snapshot.cash_of(currency).copy_negate()))
        for currency, fee in stated.items()
    }


def contents(snapshot: Snapshot) -> dict[str, dict[str, str]]:
    """What the account holds, as the journal remembers it: `shares` by code and `cash` by currency, as texts. For a
    broker that states no commissions this is what the next comparison starts from."""
    cash = {money.currency: plain(snapshot.cash_of(money.currency)) for money in snapshot.cash}
    return {"shares": {p.code: plain(p.quantity) for p in snapshot.positions if p.quantity}, "cash": cash}


def _plausible(run: RunRecord, snapshot: Snapshot, currency: str, taken: Decimal) -> bool:
    """Whether a sum can be the commissions and taxes of the run's orders: the one that the broker's own account of the
    day shows, where it shows one, and never more than a hundredth of what was traded."""
    traded = exact_sum(a.amount for a in run.attempts if a.filled and a.currency == currency)
    if not ZERO <= taken <= product(traded, LARGEST_CHARGE):
        return False
    before = dict(run.work.charged_before).get(currency)
    now = dict(snapshot.charged or ()).get(currency)
    if before is None or now is None or run.started_at.date() != snapshot.as_of.date():
        return True
    return taken == exact_sum((now, before.copy_negate()))


def does_not_balance(run_id: str, found: tuple[Text, ...]) -> DecisionNeeded:
    """The refusal to call the account reconciled."""
    return DecisionNeeded(
        "not_balanced",
        where=Text(f"run {run_id}", f"실행 {run_id}"),
        wrong=Text("; ".join(text.en for text in found), "; ".join(text.ko for text in found)),
        expected=Text("what was there before, and the fills", "실행 전 잔고에 체결을 더한 값"),
        fix=Text("compare the broker's orders with the history", "증권사 주문 내역과 실행 내역을 비교해 주세요"),
    )


def total_value(snapshot: Snapshot, prices: PriceBook, policy: Policy) -> Decimal:
    """The account's value in the base currency, counted as the weights count it (definition 1)."""
    counts = policy.rebalancing.cash.dividends == "count"
    parts = [prices.value(p.code, p.quantity) for p in snapshot.positions if p.quantity]
    parts += [prices.in_base(c.amount, c.currency) for c in snapshot.cash if c.kind == "cash" or counts]
    return exact_sum(parts)


def expected(run: RunRecord) -> tuple[dict[str, Decimal], dict[str, Decimal]]:
    """What a run should have left: shares by code and cash by currency, from what was there and what was filled."""
    shares, cash = dict(run.work.shares_before), dict(run.work.cash_before)
    for attempt in run.attempts:
        if not attempt.filled:
            continue
        buying = attempt.side is Side.BUY
        moved = Decimal(attempt.filled) if buying else Decimal(attempt.filled).copy_negate()
        money = attempt.amount.copy_negate() if buying else attempt.amount
        fee = attempt.commission.copy_negate()
        shares[attempt.code] = exact_sum((shares.get(attempt.code, ZERO), moved))
        cash[attempt.currency] = exact_sum((cash.get(attempt.currency, ZERO), money, fee))
    for transfer in run.transfers:
        if transfer.state == "DONE":
            cash[transfer.currency] = exact_sum((cash.get(transfer.currency, ZERO), transfer.amount))
    for one in run.exchanges:
        if one.state == "DONE":
            for currency in {one.line.sold_currency, one.line.bought_currency}:
                change = one.line.moved(currency, run.work.base_currency)
                cash[currency] = exact_sum((cash.get(currency, ZERO), change))
    return shares, cash
