"""Engines that are broken on purpose, one fault each: what a storm must notice, or it notices nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from rebalance_kit.brokers.base import Answer, BrokerOrder, OrderList, OrderRow, Reply, Snapshot
from rebalance_kit.errors import BrokerError
from rebalance_kit.execution import engine, repricing, sending
from rebalance_kit.execution.context import RunContext
from rebalance_kit.execution.journal import Journal
from rebalance_kit.execution.phases import Phases
from rebalance_kit.execution.records import Attempt, Intent, RunRecord, State
from rebalance_kit.execution.repricing import Repricer
from rebalance_kit.orders import Shares, Side
from rebalance_kit.policy.model import Policy
from rebalance_kit.prices.model import Quote
from rebalance_kit.words import Text, same

Break = Callable[[pytest.MonkeyPatch], None]


def resends_what_timed_out(patch: pytest.MonkeyPatch) -> None:
    """No reply is taken for "it did not leave"."""
    _settles(patch, {Answer.UNKNOWN: State.NOT_SENT})


def takes_a_server_error_for_a_refusal(patch: pytest.MonkeyPatch) -> None:
    _settles(patch, {Answer.UNKNOWN: State.REJECTED})


def _settles(patch: pytest.MonkeyPatch, wrong: dict[Answer, State]) -> None:
    right = sending._settled
    patch.setattr(sending, "_settled", lambda reply: wrong.get(reply.answer) or right(reply))


def rules_out_on_the_first_miss(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(sending.Sender, "_is_absent", lambda *_: True)


def believes_one_page(patch: pytest.MonkeyPatch) -> None:
    """A list that broke off is taken for the whole."""

    def first(context: RunContext, session: date) -> OrderList:
        return context.broker.order_list(session)

    patch.setattr(sending, "complete_list", first)
    patch.setattr(sending.Sender, "complete_list", lambda self, session: first(self._context, session), raising=False)


def believes_the_reply(patch: pytest.MonkeyPatch) -> None:
    """The number in a reply is taken for the order's, before any list has shown it."""
    right = sending.Sender._place

    def place(self: sending.Sender, attempt: Attempt) -> Reply:
        reply = right(self, attempt)
        if reply.answer is Answer.ACCEPTED and reply.number is not None:
            self._journal.answered(self._run_id, attempt.attempt_id, State.UNKNOWN, reply.reason, reply.number)
            known = self._journal.attempt(self._run_id, attempt.attempt_id)
            self._journal.listed(self._run_id, known, _row(known, reply.number, live=True))
        return reply

    patch.setattr(sending.Sender, "_place", place)


def journals_after_sending(patch: pytest.MonkeyPatch) -> None:
    def send_once(self: sending.Sender, intent: Intent, quantity: Shares) -> Attempt:
        context = self._context
        session = context.broker.session
        name = f"{self._run_id}-{intent.side.value[0]}-{intent.code}-{len(intent.attempts) + 1}"
        order = BrokerOrder(name, intent.code, intent.side, quantity, intent.limit_price, intent.currency)
        try:
            reply = context.broker.place(order)
        except BrokerError:
            reply = Reply(Answer.UNKNOWN, same("cut"))
        attempt = self._journal.begin_attempt(self._run_id, intent, quantity, session, ())
        self._journal.answered(self._run_id, attempt.attempt_id, sending._settled(reply), reply.reason, reply.number)
        self.settle((self._journal.attempt(self._run_id, attempt.attempt_id),))
        return self._journal.attempt(self._run_id, attempt.attempt_id)

    patch.setattr(sending.Sender, "_send_once", send_once)


def spends_what_was_planned(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Phases, "_affordable", lambda _self, _run, intent: intent.quantity)


def buys_before_the_sells_are_settled(patch: pytest.MonkeyPatch) -> None:
    """Neither for the list to show a sell, nor for its fills, nor for the balance to show them."""
    right, caught_up = Phases._wait_and_cancel, Phases._caught_up
    patch.setattr(Phases, "_wait_and_cancel", lambda self, side: None if side is Side.SELL else right(self, side))
    patch.setattr(sending.Sender, "_waited_for", lambda _, attempt: attempt)

    def at_once(self: Phases) -> tuple[Snapshot, tuple[Text, ...]]:
        live = any(not attempt.state.terminal for attempt in self._run().attempts)
        return (self._context.broker.snapshot(), ()) if live else caught_up(self)

    patch.setattr(Phases, "_caught_up", at_once)


def takes_a_cancel_for_done(patch: pytest.MonkeyPatch) -> None:
    """What was cancelled is closed without looking what filled meanwhile."""

    def wait(self: Phases, side: Side) -> None:
        for attempt in self._live(side):
            if attempt.number is not None:
                self._context.broker.cancel(attempt.number)
                self._journal.listed(self._run_id, attempt, _row(attempt, attempt.number, live=False))
        self._sender.settle(self._live(side))

    patch.setattr(Phases, "_wait_and_cancel", wait)


def forgets_what_is_unknown(patch: pytest.MonkeyPatch) -> None:
    right = sending.Sender.settle

    def settle(self: sending.Sender, attempts: Iterable[Attempt]) -> None:
        right(self, [attempt for attempt in attempts if attempt.state not in (State.UNKNOWN, State.SENDING)])

    patch.setattr(sending.Sender, "settle", settle)


def sends_again_what_is_unknown(patch: pytest.MonkeyPatch) -> None:
    """After a crash everything that is not filled is sent once more."""

    def unsent(self: Phases, run: RunRecord, side: Side) -> Iterable[Intent]:
        waiting = (State.UNKNOWN, State.SENDING, State.NOT_SENT, State.ABSENT)
        return [i for i in run.intents if i.side is side and (i.last is None or i.last.state in waiting)]

    patch.setattr(Phases, "_unsent", unsent)


def counts_the_quiet_from_the_sending(patch: pytest.MonkeyPatch) -> None:
    """The quiet period begins when the order was journalled, not when its call is known to have ended."""
    right = sending.Sender._is_absent

    def absent(self: sending.Sender, attempt: Attempt) -> bool:
        return right(self, replace(attempt, unknown_at=attempt.sent_at))

    patch.setattr(sending.Sender, "_is_absent", absent)


class _NoLock:
    """A lock that locks nothing."""

    def __init__(self, *_: object, **__: object) -> None:
        pass

    def __enter__(self) -> None:
        pass

    def __exit__(self, *_: object) -> None:
        pass


def holds_no_lock(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(engine, "FileLock", _NoLock)


def follows_with_another_order(patch: pytest.MonkeyPatch) -> None:
    """A second order at the new limit, instead of the first one changed."""

    def move(self: Repricer, attempt: Attempt, limit: Decimal) -> None:
        left = attempt.quantity - attempt.filled
        self._context.broker.place(
            BrokerOrder(attempt.attempt_id, attempt.code, attempt.side, left, limit, attempt.currency)
        )

    patch.setattr(Repricer, "_move", move)


def follows_in_silence(patch: pytest.MonkeyPatch) -> None:
    """A limit is changed before the journal knows of it, and again as often as it likes."""
    patch.setattr(Journal, "repriced", lambda *_: {})


def follows_any_price(patch: pytest.MonkeyPatch) -> None:
    """The new limit is the last one and three parts in a hundred, whatever the market says."""

    def anything(_: Policy, attempt: Attempt, quote: Quote, on: date) -> Decimal | None:
        more = Decimal("1.03") if attempt.side is Side.BUY else Decimal("0.97")
        return None if attempt.limit_price is None or on != quote.as_of else attempt.limit_price * more

    patch.setattr(repricing, "limit_now", anything)


def _row(attempt: Attempt, number: str, *, live: bool) -> OrderRow:
    return OrderRow(
        number=number,
        placed_at=attempt.sent_at,
        code=attempt.code,
        side=attempt.side,
        quantity=attempt.quantity,
        limit_price=attempt.limit_price,
        currency=attempt.currency,
        filled=attempt.filled,
        filled_amount=attempt.amount,
        commission=attempt.commission,
        live=live,
    )


BROKEN: dict[str, Break] = {
    function.__name__: function
    for function in (
        resends_what_timed_out,
        takes_a_server_error_for_a_refusal,
        rules_out_on_the_first_miss,
        believes_one_page,
        believes_the_reply,
        journals_after_sending,
        spends_what_was_planned,
        buys_before_the_sells_are_settled,
        takes_a_cancel_for_done,
        forgets_what_is_unknown,
        sends_again_what_is_unknown,
    )
}

# One process alone cannot show these: they are caught by a race (`racing`).
BROKEN_AMONG_PROCESSES: dict[str, Break] = {
    function.__name__: function for function in (holds_no_lock, counts_the_quiet_from_the_sending)
}

FOLLOWERS: dict[str, Break] = {
    function.__name__: function
    for function in (
        follows_with_another_order,
        follows_in_silence,
        follows_any_price,
    )
}
