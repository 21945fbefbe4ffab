"""Orders that somebody else chose, as a solution: the rest of a plan is made of them as of any other.

Only what cannot even be an order is refused here, naming its rule. Whether the plan is allowed, and how good it is, is
for the certificate, the pre-trade rules and the comparison with the optimal plan.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from rebalance_kit.costs import commission, slippage
from rebalance_kit.errors import RuleError
from rebalance_kit.money import ZERO, exact_sum, plain, product
from rebalance_kit.orders import units_of
from rebalance_kit.planner.plan import ProposedOrder
from rebalance_kit.planner.solve import SaleLots, Solution
from rebalance_kit.planner.stating import Case
from rebalance_kit.words import Text


@dataclass(frozen=True, slots=True)
class ProposedCounts:
    """Final counts (in units of each account) by account and code. How far they are from the best is not known here."""

    counts: Mapping[tuple[str, str], int]
    proven: bool = False
    gap: Fraction = Fraction(0)
    lots: tuple[SaleLots, ...] = ()

    def at(self, account: str) -> dict[str, int]:
        """The counts in one account."""
        return {code: count for (where, code), count in self.counts.items() if where == account}


def proposed_solution(case: Case) -> Solution | ProposedCounts:
    """The proposal of the case's options; with several accounts no currency is exchanged.

    RuleError for an order that cannot be one: of an unknown asset or account, of an asset without a price, of parts of
    a share where there are none, or of more than is held.
    """
    counts: dict[tuple[str, str], int] = {}
    for wish in case.options.proposed or ():
        account = _account(case, wish)
        own = case.at(account)
        held = case.holdings.quantity(wish.code, account)
        _refuse(own, wish, held)
        change = units_of(abs(wish.change), own.unit)
        counts[account, wish.code] = units_of(held, own.unit) + (change if wish.change > 0 else -change)
    if len(case.planned) > 1:
        return ProposedCounts(counts)
    only = {code: count for (_, code), count in counts.items()}
    return Solution(only, proven=False, gap=Fraction(0), exchanges=_exchanges(case))


def _exchanges(case: Case) -> tuple[tuple[str, Fraction], ...]:
    """What the buys of each foreign currency lack, where the policy lets a plan exchange."""
    if not case.policy.rebalancing.cash.exchange:
        return ()
    spent: dict[str, list[Decimal]] = {}
    for wish in case.options.proposed or ():
        row = case.drift.asset(wish.code)
        amount = product(case.prices.price(wish.code), abs(wish.change))
        signed = amount if wish.change > 0 else amount.copy_negate()
        costs = [each(case.policy, wish.code, amount, row.currency) for each in (commission, slippage)]
        spent.setdefault(row.currency, []).extend((signed, *costs))
    lacks = {currency: exact_sum((*parts, case.cash(currency).copy_negate())) for currency, parts in spent.items()}
    base = case.policy.base_currency
    return tuple((c, Fraction(lack)) for c, lack in sorted(lacks.items()) if c != base and lack > ZERO)


def _account(case: Case, wish: ProposedOrder) -> str:
    if wish.account is not None and wish.account in case.planned:
        return wish.account
    if wish.account is None and len(case.planned) == 1:
        return case.planned[0]
    names = ", ".join(case.planned)
    stated = wish.account or "-"
    raise _refused("R02", wish, Text(f"the account {stated}", f"계좌 {stated}"),
                   Text(f"one of {names}", f"다음 중 하나: {names}"),
                   Text("name the account of each order", "주문마다 계좌를 적어 주세요"))  # fmt: skip


def _refuse(case: Case, wish: ProposedOrder, held: Decimal) -> None:
    quantity = plain(abs(wish.change))
    if case.policy.asset(wish.code) is None:
        raise _refused("R18", wish, Text("the policy does not name it", "정책에 없는 종목입니다"),
                       Text("a code of portfolio.yaml", "portfolio.yaml의 코드"),
                       Text("leave it out", "이 주문을 빼 주세요"))  # fmt: skip
    if case.prices.quote(wish.code) is None:
        raise _refused("R08", wish, Text("it has no price", "가격이 없습니다"), Text("a price", "가격"),
                       Text("give it a price", "가격을 적어 주세요"))  # fmt: skip
    if wish.change % case.unit:
        raise _refused("R18", wish, Text(f"{quantity} shares", f"{quantity}주"),
                       Text(f"a multiple of {plain(case.unit)}", f"{plain(case.unit)}의 배수"),
                       Text("round it", "수량을 맞춰 주세요"))  # fmt: skip
    if exact_sum((held, wish.change)) < 0:
        raise _refused("R13", wish, Text(f"{quantity} shares to sell", f"{quantity}주 매도"),
                       Text(f"at most {plain(held)}, what is held", f"보유한 {plain(held)}주 이하"),
                       Text("sell less", "매도 수량을 줄여 주세요"))  # fmt: skip


def _refused(rule: str, wish: ProposedOrder, wrong: Text, expected: Text, fix: Text) -> RuleError:
    return RuleError(
        "proposal_blocked",
        where=Text(f"proposed order for {wish.code}", f"제안된 {wish.code} 주문"),
        wrong=Text(f"{rule} {wrong.en}", f"{rule} {wrong.ko}"),
        expected=expected,
        fix=fix,
    )
