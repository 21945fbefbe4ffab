"""Orders by a language model, inside an envelope: the optimiser's plan.

The model is asked once for sells and once for buys (source document 004), sees what is data and no secret, and may
order of each asset at most what the optimal plan orders on the same side. So whatever it was told by a name or a news
text, it can at worst trade less. An answer that breaks the form or the envelope is refused with the findings, at most
three times for a phase; then a person decides. Nothing here is a plan yet: what passes goes through the same
certificate and the same rules as everybody's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from rebalance_kit.errors import RuleError
from rebalance_kit.money import ZERO, exact_sum, plain, product, show_money
from rebalance_kit.orders import Order, Side
from rebalance_kit.planner.plan import Plan
from rebalance_kit.proposals import prompts
from rebalance_kit.proposals.door import ProposalError
from rebalance_kit.proposals.model_call import Call
from rebalance_kit.proposals.orders import Proposal, Wish, read_proposal
from rebalance_kit.words import Text

TRIES = 3
SOURCE = "language model"

Ask = Callable[[str, str, Mapping[str, Any]], Call]


@dataclass(frozen=True, slots=True)
class ModelProposal:
    """What the model proposes in both phases, every call that it took, and what was refused on the way."""

    proposal: Proposal
    calls: tuple[Call, ...]
    refused: tuple[str, ...]

    @property
    def price(self) -> Decimal | None:
        """What the calls cost in dollars, None when a price is not known."""
        prices = [call.price for call in self.calls]
        return None if None in prices else exact_sum(price for price in prices if price is not None)

    def to_dict(self) -> dict[str, object]:
        """The calls as JSON, for the record of the run."""
        return {"calls": [call.to_dict() for call in self.calls], "refused": list(self.refused)}


def propose_orders(
    optimal: Plan, cash: Mapping[str, Decimal], ask: Ask, *, progress: Callable[[Text], None] = lambda _: None
) -> ModelProposal:
    """Ask for sells, then for buys with the cash that those sells leave.

    `optimal` is the envelope. `cash` is what may be spent of each currency before any order (above the buffer). `ask`
    asks the model: instructions, question, schema. Raises ModelError when it cannot be asked, RuleError
    `model_stopped` when three answers of a phase were refused.
    """
    asked = _Asked(ask, progress)
    sells = asked.phase(optimal, Side.SELL, cash)
    left = {currency: exact_sum((cash.get(currency, ZERO), *_raised(optimal, sells, currency))) for currency in
            {*cash, *(order.currency for order in optimal.orders)}}  # fmt: skip
    buys = asked.phase(optimal, Side.BUY, dict(sorted(left.items())))
    return ModelProposal(Proposal(SOURCE, (*sells, *buys)), tuple(asked.calls), tuple(asked.refused))


class _Asked:
    """The calls of one planning."""

    def __init__(self, ask: Ask, progress: Callable[[Text], None]) -> None:
        self._ask, self._progress = ask, progress
        self.calls: list[Call] = []
        self.refused: list[str] = []

    def phase(self, optimal: Plan, side: Side, cash: Mapping[str, Decimal]) -> tuple[Wish, ...]:
        """The wishes of one phase; none, without asking, where the envelope is empty."""
        if not any(order.side is side for order in optimal.orders):
            return ()
        wrong: list[str] = []
        for n in range(1, TRIES + 1):
            self._progress(_asking(side, n))
            call = self._ask(prompts.system(side), prompts.question(optimal, side, cash, wrong), prompts.schema(side))
            self.calls.append(call)
            try:
                wishes = read_proposal(call.text, SOURCE, side).wishes
                wrong = list(outside(optimal, side, wishes, cash))
            except ProposalError as error:
                wishes, wrong = (), [error.message("en")]
            if not wrong:
                return wishes
            self.refused += wrong
        raise _stopped(side, wrong)


def outside(optimal: Plan, side: Side, wishes: Sequence[Wish], cash: Mapping[str, Decimal]) -> Iterator[str]:
    """What breaks the envelope, in English, as the model is told it."""
    allowed = {order.code: order for order in optimal.orders if order.side is side}
    spent = dict.fromkeys({*cash, *(order.currency for order in allowed.values())}, ZERO)
    for wish in wishes:
        order = allowed.get(wish.code)
        if order is None:
            yield f"{wish.code}: it is not traded on the side {side.value} in this phase"
        elif wish.quantity > order.quantity:
            yield f"{wish.code}: the quantity {plain(wish.quantity)} is above its `most`, {order.quantity}"
        elif isinstance(order.quantity, int) and wish.quantity != int(wish.quantity):
            yield f"{wish.code}: the quantity {plain(wish.quantity)} is no whole number of shares"
        else:
            spent[order.currency] = exact_sum((spent[order.currency], *_costs(order, wish.quantity)))
    for currency, amount in spent.items():
        there = max(cash.get(currency, ZERO), ZERO)
        if side is Side.BUY and amount > there:
            yield f"the orders cost {show_money(amount, currency)}, and {show_money(there, currency)} may be spent"


def _costs(order: Order, quantity: Decimal) -> tuple[Decimal, Decimal, Decimal]:
    """The amount of a part of an order, and at most all of its costs."""
    return product(order.reference_price, quantity), order.commission, order.slippage


def _raised(optimal: Plan, sells: Sequence[Wish], currency: str) -> Iterator[Decimal]:
    orders = {order.code: order for order in optimal.orders if order.side is Side.SELL and order.currency == currency}
    for wish in sells:
        if (order := orders.get(wish.code)) is not None:
            amount, *costs = _costs(order, wish.quantity)
            yield exact_sum((amount, *(cost.copy_negate() for cost in costs)))


def _asking(side: Side, n: int) -> Text:
    kind = Text("sells", "매도") if side is Side.SELL else Text("buys", "매수")
    return Text(f"asking the model for {kind.en} ({n} of {TRIES})", f"언어 모델에 {kind.ko}를 묻습니다({n}/{TRIES})")


def _stopped(side: Side, wrong: Sequence[str]) -> RuleError:
    last = "; ".join(wrong[:3])
    return RuleError(
        "model_stopped",
        where=Text(f"language model, {side.value}", f"언어 모델, {side.value}"),
        wrong=Text(f"{TRIES} answers were refused, the last because: {last}",
                   f"답 {TRIES}개를 거절했습니다. 마지막 사유: {last}"),
        expected=Text("orders within the optimal plan", "최적 계획 범위 안의 주문"),
        fix=Text("take the optimal plan (leave out --planner llm)", "최적 계획을 쓰세요(--planner llm을 빼 주세요)"),
    )  # fmt: skip
