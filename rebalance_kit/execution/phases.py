"""The phases of one run: money in, sells, exchanges, money out, cash read again, buys sized by it, the books closed.

Every phase can be entered again after a crash: it looks at the journal, sends only what has certainly not been sent,
and what was sold stays sold.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable

from rebalance_kit.brokers.base import Answer, FilledByHand, SizesBuys, Snapshot, TakesExchanges, TakesTransfers
from rebalance_kit.execution.alternatives import left_in_group
from rebalance_kit.execution.balance import charges, contents, differences, does_not_balance, status_of, total_value
from rebalance_kit.execution.context import RunContext
from rebalance_kit.execution.exchanging import says_exchange, sized_exchanges, worst_price
from rebalance_kit.execution.journal import Journal
from rebalance_kit.execution.packing import pack
from rebalance_kit.execution.records import Attempt, Exchanged, Intent, RunRecord, State, Transfer
from rebalance_kit.execution.repricing import Repricer
from rebalance_kit.execution.result import RunStatus, Upto
from rebalance_kit.execution.sending import DOUBT, MAX_ATTEMPTS, Sender
from rebalance_kit.execution.snapshot import write_snapshot
from rebalance_kit.execution.steps import log_buy_check, log_cash, log_orders
from rebalance_kit.execution.stop import is_stopped
from rebalance_kit.money import ZERO, show_money
from rebalance_kit.orders import Shares, Side, shares_of, show_shares
from rebalance_kit.words import Finding, Severity, Text

POLL_SECONDS = 1.0
CANCEL_READS = 10
PATIENCE = 30  # seconds that an order may rest where the policy does not say
BY_HAND = "by_hand"  # the finding that says what a person is to do: it does not outlive the run
BALANCE_READS = 10  # a balance shows a fill some seconds after the order list does


class Phases:
    """One run that has been committed to the journal. `sending` False: only find out what became of its orders."""

    def __init__(self, context: RunContext, journal: Journal, run_id: str, *, sending: bool = True) -> None:
        self._context = context
        self._journal = journal
        self._run_id = run_id
        self._sending = sending
        self._sender = Sender(context, journal, run_id)

    def finish(self) -> RunRecord:
        """Do what is left. The run as it then stands; DecisionNeeded when the account does not balance."""
        self._sender.settle(self._run().attempts)
        run = self._run()
        if run.phase == "SELL":
            self._transfer_all(run, into=True)
            self._sell(run)
            if self._waits_for_a_person():
                return self._close()
            self._exchange_all()
            self._transfer_all(self._run(), into=False)
            run = self._run()
            if self._may_send(run) and run.work.upto is not Upto.SELL:
                self._journal.begin_buys(self._run_id, run.work.buys)
                self._context.trace("buys.committed")
        run = self._run()
        if run.phase == "BUY":
            self._buy(run)
            self._waits_for_a_person()
        return self._close()

    # ---- the two phases of orders ----

    def _sell(self, run: RunRecord) -> None:
        for intent in self._unsent(run, Side.SELL):
            there = self._context.broker.snapshot().sellable_shares(intent.code, intent.unit)
            alone = self._alone(intent)
            self._send(intent, min(there, alone), alone)
        self._wait_and_cancel(Side.SELL)
        log_orders(self._run(), Side.SELL)
        self._context.trace("sells.settled")

    def _buy(self, run: RunRecord) -> None:
        broker, snapshot = self._context.broker, None
        if broker.instant:
            snapshot = broker.snapshot()
        elif run.traded:
            snapshot, _ = self._caught_up()  # the cash of the sells may show later than their fills
        log_cash(run, snapshot)
        for intent in self._unsent(run, Side.BUY):
            alone = self._alone(intent)
            self._send(intent, min(alone, self._affordable(self._run(), intent)), alone)
        log_buy_check(self._run())
        self._wait_and_cancel(Side.BUY)
        log_orders(self._run(), Side.BUY)
        self._context.trace("buys.settled")

    def _unsent(self, run: RunRecord, side: Side) -> Iterable[Intent]:
        """The intents of a phase that certainly are not at the broker, one by one while sending is allowed."""
        doubted = {body["attempt_id"] for body in self._journal.noted(self._run_id, DOUBT)}
        for intent in run.intents:
            last = intent.last
            again = last is None or (last.state in (State.NOT_SENT, State.ABSENT) and last.n < MAX_ATTEMPTS)
            again = again and (last is None or last.attempt_id not in doubted)
            if intent.side is side and again and self._may_send(run):
                yield intent

    def _alone(self, intent: Intent) -> Shares:
        """What is left to order once the others that may stand for it have ended; nothing while one has not."""
        if not any((intent.code, intent.side) in group for group in self._run().work.groups):
            return intent.quantity
        if left_in_group(self._run(), intent) is None:
            self._wait_and_cancel(intent.side)
        left = left_in_group(self._run(), intent)
        alone = shares_of(0, intent.unit) if left is None else left
        if left is not None and left < intent.quantity:
            what, said = self._says(intent, intent.quantity), show_shares(alone)
            says = Text(f"{what.en}: {said} left, as others of its group stand for it",
                        f"{what.ko}: 같은 묶음의 다른 주문이 대신하므로 {said}주만 남습니다")  # fmt: skip
            self._find("oca", "info", says, intent.code)
        return alone

    def _send(self, intent: Intent, quantity: Shares, alone: Shares) -> None:
        """Send `quantity` of the `alone` shares that the order is still for."""
        if quantity < alone:
            self._say_cut(intent, quantity)
        if quantity <= 0:
            return
        self._context.tell(self._run_id, self._says(intent, quantity))
        attempt = self._sender.send(intent, quantity)
        if attempt.state in (State.REJECTED, State.NOT_SENT):
            what = self._says(intent, quantity)
            says = Text(f"{what.en}: refused ({attempt.reason.en})", f"{what.ko}: 거부되었습니다({attempt.reason.ko})")
            self._find("order_refused", "error", says, intent.code)

    def _affordable(self, run: RunRecord, intent: Intent) -> Shares:
        """The shares of a buy that the cash which is really there pays for, at the limit price with commission."""
        order = run.work.order(intent.code, Side.BUY)
        price = worst_price(order)
        free = Repricer(self._context, self._journal, self._run_id).free(run, order.currency)
        most = order.affordable(free, price, intent.quantity)
        broker = self._context.broker
        return min(most, broker.buyable(intent.code, order.limit_price)) if isinstance(broker, SizesBuys) else most

    def _may_send(self, run: RunRecord) -> bool:
        """Whether the next order may leave: the kill switch is asked before each."""
        if not self._sending or not is_stopped(self._context.folder):
            return self._sending
        if not any(finding.rule == "kill_switch" for finding in self._journal.findings(run.run_id)):
            says = Text("the kill switch is on: no further order was sent",
                        "긴급 정지가 켜져 있어 더는 주문을 보내지 않았습니다")  # fmt: skip
            self._find("kill_switch", "error", says)
        return False

    def _wait_and_cancel(self, side: Side) -> None:
        """Wait for fills as long as the policy's patience, then take what is left out of the book."""
        if isinstance(self._context.broker, FilledByHand):
            return
        deadline = 0.0 if self._context.broker.instant else float(self._run().work.patience or PATIENCE)
        waited, repricer = 0.0, Repricer(self._context, self._journal, self._run_id)
        while (live := self._live(side)) and waited < deadline:
            self._context.sleep(POLL_SECONDS)
            waited += POLL_SECONDS
            self._sender.settle(live)
            if repricer.due(run := self._run(), waited) and self._may_send(run):
                repricer.step(run, self._live(side))
        taken: set[str] = set()  # cancellations that the broker has taken; any other is asked for again
        for _ in range(CANCEL_READS):
            for attempt in self._live(side):
                self._cancel(attempt, taken)
            self._sender.settle(self._live(side))
            if self._context.broker.instant or not self._live(side):
                return
            self._context.sleep(POLL_SECONDS)

    def _cancel(self, attempt: Attempt, taken: set[str]) -> None:
        """Cancel what is left of an order that the list shows. It carries the number, so it may be repeated."""
        if attempt.number is None or attempt.number in taken:
            return
        self._context.tell(self._run_id, Text(f"cancelling {attempt.code}", f"{attempt.code} 주문을 취소합니다"))
        if self._context.broker.cancel(attempt.number).answer is Answer.ACCEPTED:
            taken.add(attempt.number)
        self._context.trace("cancel.sent")

    def _waits_for_a_person(self) -> bool:
        """Whether orders rest that a person carries out: the run stays open, and the buys wait for the sells."""
        broker = self._context.broker
        if not isinstance(broker, FilledByHand) or all(one.state.terminal for one in self._run().attempts):
            return False
        self._find(BY_HAND, "info", broker.waiting)
        return True

    def _live(self, side: Side) -> tuple[Attempt, ...]:
        return tuple(one for one in self._run().attempts if one.side is side and not one.state.terminal)

    # ---- money in and out ----

    def _transfer_all(self, run: RunRecord, *, into: bool) -> None:
        for transfer in run.transfers:
            if transfer.state == "PENDING" and (transfer.amount > 0) is into:
                self._transfer(transfer)
                self._context.trace("deposit.done" if into else "withdrawal.done")

    def _transfer(self, transfer: Transfer) -> None:
        broker = self._context.broker
        done = False
        if isinstance(broker, TakesTransfers):
            name = transfer.transfer_id
            if self._sending:
                done = broker.transfer(name, transfer.currency, transfer.amount).answer is Answer.ACCEPTED
            else:
                done = broker.transferred(name)
        self._journal.settle_transfer(self._run_id, transfer.transfer_id, "DONE" if done else "REFUSED")
        if not done:
            amount = show_money(transfer.amount, transfer.currency)
            says = Text(f"{amount} was not transferred", f"{amount} 이체가 되지 않았습니다")
            self._find("transfer_refused", "error", says)

    # ---- from one currency into another ----

    def _exchange_all(self) -> None:
        """Commit the exchanges at the size that the cash now there allows, then make each once."""
        run = self._run()
        if run.work.exchanges and not run.exchanges and self._may_send(run):
            lines = tuple(sized_exchanges(run.work, self._context.broker.snapshot()))
            if lines:
                self._journal.begin_exchanges(self._run_id, lines)
                self._context.trace("exchanges.committed")
        for one in self._run().exchanges:
            if one.state == "PENDING":
                self._exchange(one)
                self._context.trace("exchange.done")
        self._say_short(self._run())

    def _exchange(self, one: Exchanged) -> None:
        broker, done = self._context.broker, False
        if isinstance(broker, TakesExchanges):
            if self._may_send(self._run()):
                self._context.tell(self._run_id, says_exchange(one.line))
                done = broker.exchange(one.exchange_id, one.line).answer is Answer.ACCEPTED
            else:
                done = broker.exchanged(one.exchange_id)
        self._journal.settle_exchange(self._run_id, one.exchange_id, "DONE" if done else "REFUSED")
        if not done:
            what = says_exchange(one.line)
            says = Text(f"{what.en}: not exchanged", f"{what.ko}: 환전하지 못했습니다")
            self._find("exchange_refused", "error", says)

    def _say_short(self, run: RunRecord) -> None:
        """A finding for each exchange of the plan that there was not enough cash for."""
        made = {(one.line.sold_currency, one.line.bought_currency): one.line.bought for one in run.exchanges}
        for wanted in run.work.exchanges:
            if run.work.upto is Upto.SELL and wanted.sold_currency == run.work.base_currency:
                continue
            if made.get((wanted.sold_currency, wanted.bought_currency), ZERO) < wanted.bought:
                what = says_exchange(wanted)
                says = Text(f"{what.en}: less, as the account has no more", f"{what.ko}: 현금이 모자라 줄였습니다")
                self._find("exchange_cut", "warning", says)

    # ---- the end ----

    def _close(self) -> RunRecord:
        context, run = self._context, self._run()
        status = status_of(run)
        known = status is not RunStatus.UNKNOWN
        snapshot, wrong = self._caught_up() if known else (context.broker.snapshot(), ())
        total = total_value(snapshot, context.prices, context.policy)
        stopped = Upto.SELL if run.phase == "SELL" else Upto.BUY
        if wrong:
            self._journal.note(self._run_id, "not balanced", {"differences": [text.en for text in wrong]})
        elif known:
            self._say_charges(run, snapshot)
            if snapshot.charged is not None:
                self._journal.note(self._run_id, "reconciled", {"taken": "run", **contents(snapshot)})
            self._write_snapshot(run, snapshot)
        found = self._journal.findings(self._run_id)
        over = tuple(one for one in found if not known or one.rule != BY_HAND)
        self._journal.end_run(run, status, stopped, total, over)
        context.trace("run.ended")
        context.tell(self._run_id, Text(f"ended: {status.value}", f"실행을 마쳤습니다: {status.value}"))
        if wrong:
            raise does_not_balance(self._run_id, wrong)
        return self._run()

    def _caught_up(self) -> tuple[Snapshot, tuple[Text, ...]]:
        """What the account holds once it shows every fill, and what still differs if it never does."""
        broker = self._context.broker
        snapshot = broker.snapshot()
        for _ in range(0 if broker.instant else BALANCE_READS):
            if not differences(self._run(), snapshot):
                break
            self._context.sleep(POLL_SECONDS)
            snapshot = broker.snapshot()
        return snapshot, differences(self._run(), snapshot)

    def _say_charges(self, run: RunRecord, snapshot: Snapshot) -> None:
        for currency, taken in sorted(charges(run, snapshot).items()):
            if not taken:
                continue
            money = show_money(taken, currency)
            says = Text(f"commissions and taxes of the orders: {money}", f"주문에 든 수수료와 세금: {money}")
            self._find("charged", "info", says)

    def _write_snapshot(self, run: RunRecord, snapshot: Snapshot) -> None:
        context = self._context
        write_snapshot(
            context.folder,
            snapshot=snapshot,
            holdings=context.holdings,
            prices=context.prices,
            run_id=run.run_id,
            source_sha256=run.work.source_sha256,
            now=context.clock(),
        )
        context.trace("snapshot.written")

    # ---- words ----

    def _says(self, intent: Intent, quantity: Shares) -> Text:
        """An order in words."""
        name = self._run().work.order(intent.code, intent.side).name
        verb, verb_ko = ("sell", "매도") if intent.side is Side.SELL else ("buy", "매수")
        shares = show_shares(quantity)
        return Text(f"{verb} {shares} {name} ({intent.code})", f"{name}({intent.code}) {shares}주 {verb_ko}")

    def _say_cut(self, intent: Intent, quantity: Shares) -> None:
        what = self._says(intent, intent.quantity)
        says = Text(
            f"{what.en}: only {show_shares(quantity)}, as the account allows no more",
            f"{what.ko}: 계좌가 허용하는 {show_shares(quantity)}주만 주문했습니다",
        )
        self._find("order_cut", "info" if quantity else "warning", says, intent.code)

    def _find(self, rule: str, severity: Severity, says: Text, code: str | None = None) -> None:
        level = logging.INFO if severity == "info" else logging.WARNING
        self._context.tell(self._run_id, says, level)
        self._journal.note(self._run_id, "finding", pack(Finding, Finding(rule, severity, says, code)))

    def _run(self) -> RunRecord:
        return self._journal.run(self._run_id)
