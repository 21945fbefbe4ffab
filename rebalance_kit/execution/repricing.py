"""Following the market: what is left of a resting order is put to the limit that a plan made now would give it.

Only orders that the broker's list has shown are re-priced: they are known by their number, so neither a reply that
never comes nor a list that states another price can make one a stranger. Each new price is in the journal before it
leaves. Whether the broker took it is never asked: fills are read from the list, and a buy holds back the cash of the
highest price that it may rest at.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from rebalance_kit.brokers.base import Answer, GivesPrices, KeepsHours, Reply, Revises
from rebalance_kit.checks.order_rules import FAT_FINGER
from rebalance_kit.errors import BrokerError
from rebalance_kit.execution.context import RunContext
from rebalance_kit.execution.exchanging import worst_price
from rebalance_kit.execution.journal import Journal
from rebalance_kit.execution.records import Attempt, RunRecord, State
from rebalance_kit.money import ZERO, exact_sum, plain, product
from rebalance_kit.orders import Side, instrument_of, limit_price
from rebalance_kit.policy.model import Policy
from rebalance_kit.prices.model import Quote
from rebalance_kit.words import Text


@dataclass(frozen=True, slots=True)
class Asked:
    """The limits that an order may rest at: the one it was sent with, then those that were asked for."""

    attempt: Attempt
    limits: tuple[Decimal, ...]

    @property
    def last(self) -> Decimal:
        return self.limits[-1]


class Repricer:
    """The re-price step of one wait of one run. `due` says when, `step` does it."""

    def __init__(self, context: RunContext, journal: Journal, run_id: str) -> None:
        self._context = context
        self._journal = journal
        self._run_id = run_id
        self._rounds = 0

    def due(self, run: RunRecord, waited: float) -> bool:
        """Whether the orders have waited long enough for the next step; asked once, it counts as taken."""
        work, broker = run.work, self._context.broker
        able = isinstance(broker, Revises) and isinstance(broker, GivesPrices)
        if not able or not work.reprice_after or waited < work.reprice_after * (self._rounds + 1):
            return False
        self._rounds += 1
        return True

    def step(self, run: RunRecord, live: Iterable[Attempt]) -> None:
        """Put each order that rests to today's limit, where that is nearer to a fill and may be."""
        broker = self._context.broker
        resting = [one for one in live if self._may_move(run, one)]
        if not resting or not isinstance(broker, GivesPrices):
            return
        try:
            quotes = {quote.code: quote for quote in broker.quotes(sorted({one.code for one in resting}))}
        except BrokerError as error:
            self._context.tell(self._run_id, Text(error.message("en"), error.message("ko")), logging.WARNING)
            return
        for attempt in resting:
            quote = quotes.get(attempt.code)
            limit = None if quote is None else self._limit(run, attempt, quote)
            if limit is not None:
                self._move(attempt, limit)

    def held_back(self, run: RunRecord, currency: str) -> Decimal:
        """Cash that resting buys may take beyond what they were sent for."""
        return exact_sum(self._extra(run, one) for one in self._asked(run) if one.attempt.currency == currency)

    # ---- inside ----

    def _may_move(self, run: RunRecord, attempt: Attempt) -> bool:
        broker = self._context.broker
        open_now = not isinstance(broker, KeepsHours) or broker.closed_for(attempt.code) is None
        known = attempt.state in (State.ACKED, State.PARTIAL) and attempt.session == broker.session
        return known and open_now and attempt.limit_price is not None and self._left_steps(run, attempt) > 0

    def _left_steps(self, run: RunRecord, attempt: Attempt) -> int:
        return run.work.reprice_steps - len(self._journal.repriced(self._run_id).get(attempt.attempt_id, ()))

    def _limit(self, run: RunRecord, attempt: Attempt, quote: Quote) -> Decimal | None:
        """The new limit of an order; None where it stays at the one that it has."""
        limit = limit_now(self._context.policy, attempt, quote, self._context.broker.session)
        asked = self._asked_of(attempt)
        if limit is None or not nearer(attempt.side, limit, asked.last):
            return None
        if runaway(limit, quote.price, run.work.order(attempt.code, attempt.side).reference_price):
            self._say(attempt, limit, "the price has run away", "가격이 너무 멀리 움직였습니다")
            return None
        if attempt.side is Side.BUY and not self._paid_for(run, attempt, asked.last, limit):
            self._say(attempt, limit, "there is not enough cash for it", "현금이 모자랍니다")
            return None
        return limit

    def _paid_for(self, run: RunRecord, attempt: Attempt, last: Decimal, limit: Decimal) -> bool:
        """Whether the cash that is there now covers what the new limit takes more."""
        order, left = run.work.order(attempt.code, Side.BUY), attempt.quantity - attempt.filled
        more = order.worst_cost(left, limit) - order.worst_cost(left, last)
        return more <= self.free(run, attempt.currency)

    def free(self, run: RunRecord, currency: str) -> Decimal:
        """Cash of a currency that no order of this run may still take."""
        free = self._context.broker.snapshot().spendable_cash(currency)
        return exact_sum((free, self.taken(run, currency).copy_negate()))

    def taken(self, run: RunRecord, currency: str) -> Decimal:
        """Cash that stays, is on its way with an order nobody has seen, or may be asked for by a raised limit."""
        unseen = [one for one in run.attempts if (one.side, one.state) == (Side.BUY, State.UNKNOWN)]
        kept = [run.work.floor(currency), self.held_back(run, currency)]
        for one in unseen:
            if one.currency == currency:
                order = run.work.order(one.code, Side.BUY)
                kept.append(order.worst_cost(one.quantity, one.limit_price or worst_price(order)))
        return exact_sum(kept)

    def _move(self, attempt: Attempt, limit: Decimal) -> None:
        broker, number = self._context.broker, attempt.number
        if number is None or not isinstance(broker, Revises):
            return
        self._say(attempt, limit)
        body = {"attempt_id": attempt.attempt_id, "number": number, "limit_price": plain(limit)}
        self._journal.note(self._run_id, "repricing", body)
        self._context.trace("revise.committed")
        try:
            reply = broker.revise(number, limit)
        except BrokerError as error:
            reply = Reply(Answer.UNKNOWN, Text(error.message("en"), error.message("ko")))
        self._context.trace("revise.sent")
        self._journal.note(self._run_id, "repriced", {**body, "answer": reply.answer.value, "reason": reply.reason.en})

    def _asked(self, run: RunRecord) -> list[Asked]:
        return [self._asked_of(one) for one in run.attempts if one.limit_price is not None and not one.state.terminal]

    def _asked_of(self, attempt: Attempt) -> Asked:
        later = self._journal.repriced(self._run_id).get(attempt.attempt_id, ())
        return Asked(attempt, (attempt.limit_price or ZERO, *later))

    def _extra(self, run: RunRecord, one: Asked) -> Decimal:
        if one.attempt.side is not Side.BUY or len(one.limits) == 1:
            return ZERO
        order, left = run.work.order(one.attempt.code, Side.BUY), one.attempt.quantity - one.attempt.filled
        first = order.worst_cost(left, one.limits[0]).copy_negate()
        return exact_sum((order.worst_cost(left, max(one.limits)), first))

    def _say(self, attempt: Attempt, limit: Decimal, why: str = "", why_ko: str = "") -> None:
        price = f"{plain(limit)} {attempt.currency}"
        if why:
            says = Text(f"{attempt.code} is not re-priced to {price}: {why}",
                        f"{attempt.code}의 지정가를 {price}(으)로 바꾸지 않습니다: {why_ko}")  # fmt: skip
        else:
            says = Text(f"re-pricing {attempt.code} to {price}", f"{attempt.code}의 지정가를 {price}(으)로 바꿉니다")
        self._context.tell(self._run_id, says, logging.WARNING if why else logging.INFO)


def limit_now(policy: Policy, attempt: Attempt, quote: Quote, on: date) -> Decimal | None:
    """The limit that the policy's style and tolerance give an order at a quote of now, on tick (definition 16)."""
    asset = policy.asset(attempt.code)
    if asset is None or quote.currency != attempt.currency:
        return None
    rules, instrument = policy.rebalancing.orders, instrument_of(asset, policy.exchange_of(asset))
    return limit_price(
        attempt.side, quote.price, style=rules.style, tolerance=rules.tolerance, instrument=instrument, on=on
    )


def nearer(side: Side, limit: Decimal, last: Decimal) -> bool:
    """Whether a limit is nearer to a fill than the last one: an order is never put farther away."""
    return limit > last if side is Side.BUY else limit < last


def runaway(limit: Decimal, quote: Decimal, reference: Decimal) -> bool:
    """Whether a limit is a fat finger away from the quote, or the quote from the price that was planned with."""
    return abs(limit - quote) > product(FAT_FINGER, quote) or abs(quote - reference) > product(FAT_FINGER, reference)
