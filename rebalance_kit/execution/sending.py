"""Sending one order at most once, and learning what became of it.

    1 read the broker's complete list: its numbers are the baseline
    2 commit SENDING with the baseline                         a crash before here has sent nothing
    3 place the order, once                                    never again because of a time-out
    4 commit what the reply settles: nothing but a refusal     a success is UNKNOWN with the number as a hint
    5 read the list until it decides                           new number, same order, right time, not ours yet

An order that a complete list lacks is absent only after the broker's documented quiet period; where none is documented,
only once the book of its session has closed and a second list lacks it too. Until then it stays unknown.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from datetime import date, timedelta

from rebalance_kit.brokers.base import Answer, BrokerOrder, KeepsHours, OrderList, OrderRow, Reply
from rebalance_kit.errors import BrokerError, DecisionNeeded
from rebalance_kit.execution.context import RunContext
from rebalance_kit.execution.journal import Journal
from rebalance_kit.execution.records import Attempt, Intent, State
from rebalance_kit.orders import Shares
from rebalance_kit.words import Text

MAX_ATTEMPTS = 5  # for orders that certainly did not leave
MAX_READS = 30
READ_PAUSE = 1.0
RESEND_PAUSE = 6.0  # an order that a gateway refused and passed on all the same must have had time to be listed
DOUBT = "refused but there"  # the event
LIST_READS = 15  # a mock account's list was seen 5 seconds behind for Korean orders, 12 and more for American ones
STALE_AFTER = timedelta(seconds=2)  # a process that slept between commit and send must not send any more
CLOCK_SKEW = timedelta(seconds=5)

_PROCESS_ENDED = Text("the process ended before it knew", "결과를 알기 전에 프로그램이 끝났습니다")
_TOO_LATE = Text("too much time passed before it could be sent", "보내기까지 시간이 너무 지났습니다")


class Sender:
    """Sends the orders of one run and reads what became of them."""

    def __init__(self, context: RunContext, journal: Journal, run_id: str) -> None:
        self._context = context
        self._journal = journal
        self._run_id = run_id

    def send(self, intent: Intent, quantity: Shares) -> Attempt:
        """Send an order once, again only while it certainly did not leave, and read the list. The last attempt."""
        while True:
            attempt = self._send_once(intent, quantity)
            if attempt.state is not State.NOT_SENT or attempt.n >= MAX_ATTEMPTS:
                return attempt
            if not self._context.broker.instant:
                self._context.sleep(RESEND_PAUSE)
            intent = next(i for i in self._journal.run(self._run_id).intents if i.intent_id == intent.intent_id)

    def settle(self, attempts: Iterable[Attempt]) -> None:
        """Bring every attempt as far as the broker's list can decide now."""
        lists: dict[date, OrderList] = {}
        for attempt in [self._ended(one) for one in attempts if not one.state.terminal]:
            if attempt.session not in lists:
                lists[attempt.session] = self.complete_list(attempt.session)
            self._settle_one(attempt, lists[attempt.session].rows)

    def complete_list(self, session: date) -> OrderList:
        """The broker's complete list. BrokerError when it stays incomplete."""
        return complete_list(self._context, session)

    def _send_once(self, intent: Intent, quantity: Shares) -> Attempt:
        broker, trace = self._context.broker, self._context.trace
        session = broker.session
        rows = self.complete_list(session).rows
        self._nothing_came_of(intent.last, rows)
        baseline = {row.number for row in rows}
        attempt = self._journal.begin_attempt(self._run_id, intent, quantity, session, baseline)
        trace("attempt.committed")
        reply = self._place(attempt)
        trace("attempt.placed")
        self._journal.answered(self._run_id, attempt.attempt_id, _settled(reply), reply.reason, reply.number)
        trace("attempt.answered")
        answered = self._journal.attempt(self._run_id, attempt.attempt_id)
        self.settle((answered,))
        trace("attempt.listed")
        return self._waited_for(self._journal.attempt(self._run_id, attempt.attempt_id))

    def _nothing_came_of(self, last: Attempt | None, rows: Sequence[OrderRow]) -> None:
        """Before what "did not leave" is sent again: a gateway that refuses a call and passes it on all the same shows
        in the list as a new order like it that nobody owns. DecisionNeeded then: only a person knows whose it is, and
        this order is not sent again."""
        if last is None or last.state is not State.NOT_SENT:
            return
        if last.session != self._context.broker.session:
            rows = self.complete_list(last.session).rows
        there = candidates(last, rows, self._journal.owned(last.session))
        if there:
            numbers = [row.number for row in there]
            self._journal.note(self._run_id, DOUBT, {"attempt_id": last.attempt_id, "numbers": numbers})
            raise _refused_but_there(last, ", ".join(numbers))

    def _waited_for(self, attempt: Attempt) -> Attempt:
        """The attempt once the list shows it, or after some time: a list may be seconds behind, and the next order is
        sized by what this one has taken."""
        for _ in range(0 if self._context.broker.instant else LIST_READS):
            if attempt.state is not State.UNKNOWN:
                break
            self._context.sleep(READ_PAUSE)
            self.settle((attempt,))
            attempt = self._journal.attempt(self._run_id, attempt.attempt_id)
        return attempt

    def _place(self, attempt: Attempt) -> Reply:
        context = self._context
        if context.clock() - attempt.sent_at > STALE_AFTER:
            return Reply(Answer.NOT_SENT, _TOO_LATE)
        order = BrokerOrder(
            attempt.attempt_id, attempt.code, attempt.side, attempt.quantity, attempt.limit_price, attempt.currency
        )
        try:
            reply = context.broker.place(order)
        except BrokerError as error:  # an adapter should answer UNKNOWN; one that raises has settled nothing either
            reply = Reply(Answer.UNKNOWN, Text(error.message("en"), error.message("ko")))
        if reply.answer is not Answer.ACCEPTED:
            context.tell(self._run_id, reply.reason, logging.WARNING)
        return reply

    def _ended(self, attempt: Attempt) -> Attempt:
        """An attempt whose call has ended. Only a process that is dead leaves one behind that is being sent: its lock
        is ours now. It becomes unknown before the list is read that may rule it out."""
        if attempt.state is not State.SENDING:
            return attempt
        self._journal.answered(self._run_id, attempt.attempt_id, State.UNKNOWN, _PROCESS_ENDED)
        return self._journal.attempt(self._run_id, attempt.attempt_id)

    def _settle_one(self, attempt: Attempt, rows: Sequence[OrderRow]) -> None:
        if attempt.state is not State.UNKNOWN:
            row = next((row for row in rows if row.number == attempt.number), None)
        else:
            row = find_order(attempt, rows, self._journal.owned(attempt.session))
        if row is not None:
            self._journal.listed(self._run_id, attempt, row)
        elif attempt.state is State.UNKNOWN and self._is_absent(attempt):
            self._journal.absent(self._run_id, attempt.attempt_id)

    def _is_absent(self, attempt: Attempt) -> bool:
        """Whether an order that a complete list lacks can be ruled out. The close is asked for before another list is
        read, so that the order is missing from one that was made after it."""
        broker, since = self._context.broker, attempt.unknown_at
        if broker.quiet_period is not None:
            return since is not None and self._context.clock() - since >= broker.quiet_period
        if not isinstance(broker, KeepsHours) or not broker.book_closed(attempt.code, attempt.session):
            return False
        rows = self.complete_list(attempt.session).rows
        return find_order(attempt, rows, self._journal.owned(attempt.session)) is None


def complete_list(context: RunContext, session: date) -> OrderList:
    """The broker's complete list of a session. BrokerError when it stays incomplete."""
    for read in range(MAX_READS):
        if read:
            context.sleep(READ_PAUSE)
        found = context.broker.order_list(session)
        if found.complete:
            return found
    raise BrokerError(
        "incomplete_list",
        where=context.broker.identity.broker,
        wrong=Text(f"the order list was incomplete {MAX_READS} times",
                   f"주문 내역이 {MAX_READS}번 모두 불완전했습니다"),
        expected=Text("the complete list", "빠짐없는 주문 내역"),
        fix=Text("try again later; nothing is sent meanwhile",
                 "나중에 다시 시도해 주세요. 그동안 주문을 보내지 않습니다"),
    )  # fmt: skip


def candidates(attempt: Attempt, rows: Iterable[OrderRow], owned: frozenset[str]) -> list[OrderRow]:
    """The rows of a complete list that can be this attempt: new since it was sent, like it, and nobody's yet."""
    earliest = attempt.sent_at - CLOCK_SKEW
    wanted = (attempt.code, attempt.side, attempt.quantity, attempt.limit_price)
    return [
        row
        for row in rows
        if row.number not in attempt.baseline
        and row.number not in owned
        and row.channel == "api"
        and row.placed_at >= earliest
        and (row.code, row.side, row.quantity, row.limit_price) == wanted
    ]


def find_order(attempt: Attempt, rows: Iterable[OrderRow], owned: frozenset[str]) -> OrderRow | None:
    """The row of a complete list that is this attempt; None when there is none.

    Raises DecisionNeeded when several could be and the number in the reply does not say which.
    """
    found = candidates(attempt, rows, owned)
    if len(found) <= 1:
        return found[0] if found else None
    hinted = [row for row in found if row.number == attempt.hint]
    if hinted:
        return hinted[0]
    numbers = ", ".join(row.number for row in found)
    raise DecisionNeeded(
        "ambiguous_order",
        where=attempt.attempt_id,
        wrong=Text(f"the broker's orders {numbers} could all be it",
                   f"증권사 주문 {numbers}이(가) 모두 이 주문일 수 있습니다"),
        expected=Text("one order", "주문 하나"),
        fix=Text("look at the orders at the broker and decide which is which",
                 "증권사에서 주문을 확인해 어느 것인지 정해 주세요"),
    )  # fmt: skip


def _refused_but_there(attempt: Attempt, numbers: str) -> DecisionNeeded:
    return DecisionNeeded(
        "refused_but_there",
        where=attempt.attempt_id,
        wrong=Text(f"the broker refused it ({attempt.reason.en}), and its order {numbers} looks the same",
                   f"증권사가 거절했는데({attempt.reason.ko}) 똑같은 주문 {numbers}이(가) 있습니다"),
        expected=Text("no order like it", "같은 주문 없음"),
        fix=Text("look at the order at the broker, then rebalance resume: this one is not sent again",
                 "증권사에서 그 주문을 확인한 뒤 rebalance resume을 실행해 주세요. 이 주문은 다시 보내지 않습니다"),
    )  # fmt: skip


def _settled(reply: Reply) -> State:
    certain = {Answer.NOT_SENT: State.NOT_SENT, Answer.REJECTED: State.REJECTED}
    return certain.get(reply.answer, State.UNKNOWN)
