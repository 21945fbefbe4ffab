"""The run: dry runs, sells before buys, real cash, one execution of a plan, money in and out, and the books after."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from rebalance_kit.brokers.base import Answer, BrokerOrder, Mode, OrderList, Reply
from rebalance_kit.brokers.paper import PaperBroker
from rebalance_kit.checks import PlanBlocked
from rebalance_kit.errors import BrokerError, BusyError, DecisionNeeded, RuleError
from rebalance_kit.execution import history
from rebalance_kit.execution.engine import answered, execute, resume
from rebalance_kit.execution.lock import FileLock, account_lock
from rebalance_kit.execution.result import RunResult, RunStatus, Upto
from rebalance_kit.execution.snapshot import holdings_in_force, read_snapshot_info
from rebalance_kit.execution.stop import set_stopped
from rebalance_kit.holdings.files import read_holdings
from rebalance_kit.orders import Shares
from rebalance_kit.planner.plan import PlanOptions
from rebalance_kit.words import same
from tests.make import ON, Situation, document_000, document_001, policy, situation
from tests.make_run import Desk, paper_desk, plan

FREE = {"max_order_share": "1", "max_turnover": "1"}
FORCED = PlanOptions(force=True)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """Source document 000, forced: two sells, three buys."""
    return paper_desk(tmp_path, document_000(), options=FORCED)


def states(result: RunResult) -> list[tuple[str, str, Shares]]:
    return [(row.side, row.code, row.filled) for row in result.executions]


# ---- what is not sent ----


def test_without_the_typed_id_nothing_is_written(desk: Desk) -> None:
    result = desk.run(yes=False)
    assert (result.status, result.stopped_after, result.exit_code) == (RunStatus.DRY_RUN, Upto.CHECK, 0)
    assert list(desk.folder.iterdir()) == []


@pytest.mark.parametrize("upto", [Upto.DRIFT, Upto.PLAN, Upto.CHECK])
def test_up_to_the_checks_nothing_is_written(desk: Desk, upto: Upto) -> None:
    result = desk.run(upto=upto)
    assert (result.status, result.stopped_after) == (RunStatus.DRY_RUN, upto)
    assert list(desk.folder.iterdir()) == []


def test_a_plan_without_orders_is_not_needed(tmp_path: Path) -> None:
    desk = paper_desk(tmp_path, document_000(), "")
    for yes in (False, True):
        assert desk.run(yes).status is RunStatus.NOT_NEEDED


def test_another_id_than_the_plans_blocks(desk: Desk) -> None:
    with pytest.raises(PlanBlocked, match="R04"):
        desk.run(yes="somebody-elses")
    assert not (desk.folder / "paper.sqlite").exists()


def test_the_mode_has_no_default(desk: Desk) -> None:
    for mode in (None, Mode.REAL):
        with pytest.raises(PlanBlocked, match="R01"):
            execute(desk.plan, desk.context(), mode=mode, yes=desk.plan.plan_id)


# ---- what is sent ----


def test_document_000_is_executed_sells_first(desk: Desk) -> None:
    result = desk.run()
    assert (result.status, result.stopped_after, result.exit_code) == (RunStatus.SUCCESS, Upto.BUY, 0)
    assert states(result) == [
        ("SELL", "091230", 8),
        ("SELL", "360750", 20),
        ("BUY", "305720", 9),
        ("BUY", "305080", 25),
        ("BUY", "319640", 8),
    ]
    spent = sum(row.amount + row.commission for row in result.executions if row.side == "BUY")
    earned = sum(row.amount - row.commission for row in result.executions if row.side == "SELL")
    assert desk.cash() == earned - spent == 96_491
    assert result.total_after == desk.cash() + Decimal(10_902_000)


def test_the_fills_cost_no_more_than_the_plan_stated(desk: Desk) -> None:
    result = desk.run()
    stated = sum(order.commission + order.slippage for order in desk.plan.orders)
    planned = sum(order.amount * (1 if order.side.value == "SELL" else -1) for order in desk.plan.orders)
    assert desk.cash() >= planned - stated
    assert result.total_before - (result.total_after or 0) <= stated


def test_a_buy_is_cut_to_the_cash_that_is_there_at_its_limit(tmp_path: Path) -> None:
    made = situation(policy("A 50, B 50", constraints=FREE), "main: A 60 @ 10000, B 40 @ 10000")
    desk = paper_desk(tmp_path, made, "SELL A 10, BUY B 10", options=FORCED)
    result = desk.run()
    assert states(result) == [("SELL", "A", 10), ("BUY", "B", 9)]  # 10 at the limit of 10,050 would need 100,500
    assert result.status is RunStatus.SUCCESS
    assert [finding.rule for finding in result.findings] == ["order_cut"]
    assert desk.cash() == 10_000


def test_a_buy_that_no_share_can_be_paid_for_is_left_out_and_the_run_is_partial(tmp_path: Path) -> None:
    made = situation(policy("A 50, B 50", constraints=FREE), "main: A 6 @ 10000, B 4 @ 10000; cash KRW 0")
    desk = paper_desk(tmp_path, made, "SELL A 1, BUY B 1", options=FORCED)
    result = desk.run()
    assert result.status is RunStatus.PARTIAL
    assert result.exit_code == 8
    assert [row.state for row in result.executions] == ["FILLED", "NOT_SENT"]
    assert desk.cash() == 10_000


def test_cash_that_falls_short_cuts_the_smallest_buy(tmp_path: Path) -> None:
    made = situation(policy("A 40, B 30, C 30", constraints=FREE), "main: A 70 @ 10000, B 20 @ 10000, C 10 @ 10000")
    desk = paper_desk(tmp_path, made, "SELL A 30, BUY B 10, BUY C 20", options=FORCED)
    assert states(desk.run()) == [("SELL", "A", 30), ("BUY", "C", 20), ("BUY", "B", 9)]


def test_up_to_sell_leaves_the_cash(desk: Desk) -> None:
    result = desk.run(upto=Upto.SELL)
    assert (result.status, result.stopped_after) == (RunStatus.SUCCESS, Upto.SELL)
    assert {row.side for row in result.executions} == {"SELL"}
    assert desk.cash() == 399_540 + 335_649


def test_a_passive_limit_that_is_not_reached_is_cancelled_and_buys_wait_for_real_cash(tmp_path: Path) -> None:
    desk = paper_desk(tmp_path, document_000(orders={"style": "passive"}), options=FORCED)
    result = desk.run()
    assert {row.state for row in result.executions} == {"CANCELLED", "NOT_SENT"}
    assert (result.status, result.exit_code) == (RunStatus.FAILED, 1)
    assert not any(row.live for row in desk.broker().order_list(ON).rows)
    assert desk.cash() == 0


def test_market_orders_are_sized_with_a_margin(tmp_path: Path) -> None:
    made = situation(
        policy("A 50, B 50", constraints=FREE, orders={"style": "market"}), "main: A 80 @ 10000, B 20 @ 10000"
    )
    desk = paper_desk(tmp_path, made, "SELL A 30, BUY B 30", options=FORCED)
    assert states(desk.run()) == [("SELL", "A", 30), ("BUY", "B", 29)]


def test_dividends_are_spent_where_the_policy_counts_them(tmp_path: Path) -> None:
    held = "main: A 50 @ 10000, B 40 @ 10000; dividends KRW 110000"
    made = situation(policy("A 50, B 50", constraints=FREE, cash={"dividends": "count"}), held)
    desk = paper_desk(tmp_path, made, "BUY B 10", options=FORCED)
    result = desk.run()
    assert result.status is RunStatus.SUCCESS
    assert result.total_before == result.total_after == 1_010_000
    assert desk.cash() == 10_000
    aside = situation(policy("A 50, B 50", constraints=FREE), held)
    with pytest.raises(PlanBlocked, match="R14"):
        paper_desk(tmp_path / "other", aside, "BUY B 10", options=FORCED).run(yes=False)


def test_dollar_orders_of_document_001_use_dollar_cash(tmp_path: Path) -> None:
    made = situation(
        policy("VOO 60, TLT 40", base_currency="USD", exchange="XNYS", constraints=FREE, fee="0.0007"),
        "main: VOO 7 @ 500, TLT 15 @ 100; cash USD 0",
    )
    desk = paper_desk(tmp_path, made, "SELL VOO 1, BUY TLT 4", options=FORCED)
    assert desk.run().status is RunStatus.SUCCESS
    assert desk.cash("USD") == Decimal("500.00") - Decimal("0.35") - Decimal("400.00") - Decimal("0.28")


# ---- one execution ----


def test_the_same_plan_twice_is_executed_once(desk: Desk) -> None:
    first = desk.run()
    again = desk.run()
    assert again.repeated
    assert again.run_id == first.run_id
    assert [finding.rule for finding in again.findings] == ["already_submitted"]
    assert len(desk.broker().order_list(ON).rows) == 5


def test_an_id_that_was_submitted_is_answered_without_a_plan(desk: Desk) -> None:
    assert answered(desk.context(), desk.plan.plan_id) is None
    first = desk.run()
    found = answered(desk.context(), desk.plan.plan_id)
    assert found is not None
    assert (found.run_id, found.repeated, found.executions) == (first.run_id, True, first.executions)


def test_again_executes_the_same_plan_once_more(tmp_path: Path) -> None:
    desk = paper_desk(tmp_path, document_000(orders={"style": "passive"}), options=FORCED)
    first, second = desk.run(), desk.run(again=True)
    assert first.run_id != second.run_id
    assert not second.repeated


def test_the_policy_is_executed_once_in_a_session_unless_again(desk: Desk) -> None:
    desk.run()
    after = desk.broker().snapshot().as_holdings("test")
    made = desk.made._replace(holdings=after)
    other = plan(made, options=PlanOptions(contribute=Decimal(200_000)), trigger="cash_flow")
    with pytest.raises(PlanBlocked, match="R21"):
        desk.run(plan=other, holdings=after)
    assert desk.run(plan=other, holdings=after, again=True).status is RunStatus.SUCCESS


def test_a_second_process_is_told_who_holds_the_account(desk: Desk) -> None:
    says = r"busy since 2026-03-04T01:00:00\+00:00: process \d+, run 7"
    held = FileLock(account_lock(desk.folder, "main", Mode.PAPER), now=desk.clock(), doing="run 7")
    with held, pytest.raises(BusyError, match=says) as told:
        desk.run()
    assert told.value.exit_code == 4
    assert not (desk.folder / "journal.sqlite").exists()


def test_a_plan_made_from_other_holdings_is_stale(desk: Desk) -> None:
    desk.broker().place(BrokerOrder("phone", "091230", desk.plan.orders[0].side, 1, None, "KRW"))
    with pytest.raises(PlanBlocked, match=r"R06.*R20") as told:
        desk.run()
    assert told.value.exit_code == 3
    assert {broken.rule.code for broken in told.value.broken} >= {"R06", "R20"}


def test_the_kill_switch_blocks_and_stops(desk: Desk) -> None:
    set_stopped(desk.folder, True)
    with pytest.raises(PlanBlocked, match="R03"):
        desk.run()
    set_stopped(desk.folder, False)

    def stop_after_the_first(step: str) -> None:
        if step == "attempt.listed":
            set_stopped(desk.folder, True)

    desk.on_step = stop_after_the_first
    result = desk.run()
    assert result.status is RunStatus.PARTIAL
    assert sum(row.filled > 0 for row in result.executions) == 1
    assert [finding.rule for finding in result.findings] == ["kill_switch"]


# ---- money in and out ----


def test_a_deposit_arrives_with_the_run_and_is_invested(tmp_path: Path) -> None:
    made = document_001(constraints={"max_order_share": "0.10"})
    desk = paper_desk(tmp_path, made, options=PlanOptions(contribute=Decimal(1_000_000)), trigger="cash_flow")
    result = desk.run()
    assert result.status is RunStatus.SUCCESS
    assert {row.side for row in result.executions} == {"BUY"}
    assert result.total_after == 11_000_000
    assert desk.run().repeated
    assert desk.broker().transferred(f"{result.run_id}-in")


def test_a_deposit_too_small_for_a_share_still_arrives(tmp_path: Path) -> None:
    desk = paper_desk(tmp_path, document_001(), "", options=PlanOptions(contribute=Decimal(5_000)), trigger="cash_flow")
    result = desk.run()
    assert (result.status, result.executions) == (RunStatus.SUCCESS, ())
    assert desk.cash() == 5_000


def test_a_withdrawal_leaves_after_the_sells(tmp_path: Path) -> None:
    made = document_001(constraints=FREE, fee="0.00015")
    options = PlanOptions(withdraw=Decimal(500_000))
    desk = paper_desk(tmp_path, made, "SELL VOO 51", options=options, trigger="cash_flow")
    steps: list[str] = desk.steps
    assert desk.run().status is RunStatus.SUCCESS
    assert desk.cash() == 510_000 - 77 - 500_000
    assert steps.index("sells.settled") < steps.index("withdrawal.done")


def test_a_withdrawal_that_cannot_be_paid_is_said_and_the_run_is_partial(tmp_path: Path) -> None:
    made = document_001(constraints=FREE, orders={"style": "passive"})
    options = PlanOptions(withdraw=Decimal(500_000))
    desk = paper_desk(tmp_path, made, "SELL VOO 51", options=options, trigger="cash_flow")
    result = desk.run()
    assert result.status is RunStatus.FAILED
    assert [finding.rule for finding in result.findings] == ["transfer_refused"]
    assert desk.cash() == 0


# ---- a broker that misbehaves ----


@dataclass
class Faulty:
    """A paper broker with one fault. Everything else is the real one."""

    inner: PaperBroker
    fault: str
    quiet: timedelta | None = timedelta(0)
    calls: int = 0

    def __getattr__(self, name: str) -> object:
        return getattr(self.inner, name)

    @property
    def quiet_period(self) -> timedelta | None:
        return self.quiet

    @property
    def instant(self) -> bool:
        return self.fault != "slow"

    def place(self, order: BrokerOrder) -> Reply:
        self.calls += 1
        first = self.calls == 1
        if self.fault == "lost before" and first:
            return Reply(Answer.UNKNOWN, same("time-out"))
        if self.fault == "not sent" and first:
            return Reply(Answer.NOT_SENT, same("no connection"))
        if self.fault == "refused but there" and first:
            self.inner.place(order)
            return Reply(Answer.NOT_SENT, same("too many calls"))
        if self.fault == "rejected" and first:
            return Reply(Answer.REJECTED, same("halted"))
        if self.fault == "raises" and first:
            self.inner.place(order)
            raise BrokerError("broken", where="broker", wrong=same("x"), expected=same("y"), fix=same("z"))
        reply = self.inner.place(order)
        if self.fault == "lost after":
            return Reply(Answer.UNKNOWN, same("time-out"))
        if self.fault == "wrong number":
            return replace(reply, number="somebody-000001")
        return reply

    def order_list(self, session: object) -> OrderList:
        assert session == self.inner.session
        found = self.inner.order_list(self.inner.session)
        return replace(found, complete=False) if self.fault == "incomplete" and self.calls else found


def run_with(desk: Desk, fault: str, quiet: timedelta | None = timedelta(0)) -> tuple[RunResult, Faulty]:
    broker = Faulty(desk.broker(), fault, quiet)
    context = replace(desk.context(), broker=broker)  # type: ignore[arg-type]  # __getattr__ gives it the rest
    return execute(desk.plan, context, mode=Mode.PAPER, yes=desk.plan.plan_id), broker


@pytest.mark.parametrize("fault", ["lost after", "wrong number", "raises", "not sent"])
def test_the_brokers_list_decides_and_nothing_is_sent_twice(desk: Desk, fault: str) -> None:
    result, _ = run_with(desk, fault)
    assert result.status is RunStatus.SUCCESS
    rows = desk.broker().order_list(ON).rows
    assert len(rows) == 5
    assert {row.broker_order_id for row in result.executions} == {row.number for row in rows}


def test_what_a_gateway_refused_and_passed_on_all_the_same_is_not_sent_again(desk: Desk) -> None:
    with pytest.raises(DecisionNeeded, match="too many calls") as told:
        run_with(desk, "refused but there")
    assert (told.value.code, told.value.exit_code) == ("refused_but_there", 5)
    assert len(desk.broker().order_list(ON).rows) == 1
    with pytest.raises(DecisionNeeded, match="091230: 22 shares, 30 expected"):  # a person has looked, and goes on
        resume(desk.context())
    first, *others = history.runs(desk.folder)[0].attempts
    assert (first.code, first.state.value, first.n) == ("091230", "NOT_SENT", 1)
    assert {attempt.code for attempt in others}.isdisjoint({"091230"})
    assert [row.code for row in desk.broker().order_list(ON).rows].count("091230") == 1


def test_an_order_that_a_late_enough_list_lacks_is_absent(desk: Desk) -> None:
    result, broker = run_with(desk, "lost before")
    assert result.executions[0].state == "ABSENT"
    assert result.status is RunStatus.PARTIAL
    assert [row.code for row in result.executions].count("091230") == 1  # it was not sent again in this run
    assert "091230" not in {row.code for row in desk.broker().order_list(ON).rows}
    assert broker.calls == len(desk.broker().order_list(ON).rows) + 1


def test_without_a_documented_bound_it_stays_unknown_and_blocks_the_next_run(desk: Desk) -> None:
    result, _ = run_with(desk, "lost before", quiet=None)
    assert (result.status, result.exit_code) == (RunStatus.UNKNOWN, 5)
    assert not (desk.folder / "holdings.reconciled.csv").exists()
    after = desk.broker().snapshot().as_holdings("test")
    other = plan(desk.made._replace(holdings=after), options=FORCED)
    broker = Faulty(desk.broker(), "none", None)
    context = replace(desk.context(), broker=broker)  # type: ignore[arg-type]  # as above
    with pytest.raises(DecisionNeeded, match="091230") as told:
        execute(other, context, mode=Mode.PAPER, yes=other.plan_id)
    assert told.value.exit_code == 5
    finished = resume(desk.context())  # the paper broker documents a bound: now the list decides
    assert finished is not None
    assert finished.status is RunStatus.PARTIAL
    assert finished.executions[0].state == "ABSENT"  # and it is not sent after the buys
    assert resume(desk.context()) is None


def test_a_rejected_sell_leaves_less_cash_for_the_buys(desk: Desk) -> None:
    result, _ = run_with(desk, "rejected")
    assert result.status is RunStatus.PARTIAL
    assert [row.state for row in result.executions][:2] == ["REJECTED", "FILLED"]
    assert {finding.rule for finding in result.findings} == {"order_refused", "order_cut"}
    assert desk.cash() >= 0


def test_what_is_not_filled_within_the_patience_is_cancelled(tmp_path: Path) -> None:
    rules = {"style": "passive", "patience_seconds": 30}
    desk = paper_desk(tmp_path, document_000(orders=rules), options=FORCED)
    before = desk.clock.now
    result, _ = run_with(desk, "slow")
    assert {row.state for row in result.executions} == {"CANCELLED", "NOT_SENT"}
    assert desk.clock.now - before >= timedelta(seconds=30)
    assert not any(row.live for row in desk.broker().order_list(ON).rows)


def test_an_incomplete_list_decides_nothing(desk: Desk) -> None:
    with pytest.raises(BrokerError, match="incomplete 30 times") as told:
        run_with(desk, "incomplete")
    assert told.value.exit_code == 6
    finished = desk.run()  # the next start finds the order in the complete list
    assert finished.status is RunStatus.SUCCESS
    assert len(desk.broker().order_list(ON).rows) == 5


def test_shares_that_nobody_can_explain_need_a_person(desk: Desk) -> None:
    def by_hand(step: str) -> None:
        if step == "buys.settled":
            desk.broker().place(BrokerOrder("phone", "069500", desk.plan.orders[0].side, 1, None, "KRW"))

    desk.on_step = by_hand
    with pytest.raises(DecisionNeeded, match="069500: 49 shares, 50 expected") as told:
        desk.run()
    assert told.value.exit_code == 5
    assert not (desk.folder / "holdings.reconciled.csv").exists()
    assert history.runs(desk.folder)[0].status is RunStatus.SUCCESS


def test_a_process_that_slept_before_sending_does_not_send(desk: Desk) -> None:
    slept: list[int] = []

    def sleep_once(step: str) -> None:
        if step == "attempt.committed" and not slept:
            slept.append(1)
            desk.clock.forward(60)

    desk.on_step = sleep_once
    result = desk.run()
    assert result.executions[0].client_order_id.endswith("-2")  # the first attempt was NOT_SENT, the second left
    assert result.status is RunStatus.SUCCESS
    assert len(desk.broker().order_list(ON).rows) == 5


def test_a_broker_that_takes_no_transfers_refuses_a_deposit(tmp_path: Path) -> None:
    desk = paper_desk(tmp_path, document_001(), options=PlanOptions(contribute=Decimal(100_000)), trigger="cash_flow")

    without = _Without(desk.broker())
    context = replace(desk.context(), broker=without)  # type: ignore[arg-type]  # as above
    with pytest.raises(RuleError, match="cannot be moved"):
        execute(desk.plan, context, mode=Mode.PAPER, yes=desk.plan.plan_id)


class _Without:
    """A broker without `transfer`."""

    def __init__(self, inner: PaperBroker) -> None:
        self._inner = inner

    def __getattr__(self, name: str) -> object:
        if name in ("transfer", "transferred"):
            raise AttributeError(name)
        return getattr(self._inner, name)


# ---- the books after a run ----


def test_the_reconciled_holdings_are_what_drift_reads_next(desk: Desk) -> None:
    (desk.folder / "holdings.csv").write_text("code,quantity\n", encoding="utf-8")
    assert holdings_in_force(desk.folder).name == "holdings.csv"
    result = desk.run()
    path = holdings_in_force(desk.folder)
    assert path.name == "holdings.reconciled.csv"
    info = read_snapshot_info(desk.folder)
    assert info is not None
    assert info.run_id == result.run_id
    assert info.source_sha256 == hashlib.sha256((desk.folder / "holdings.csv").read_bytes()).hexdigest()
    read = read_holdings(path, desk.made.policy, ON)
    assert {p.code: p.quantity for p in read.holdings.positions} == {k: Decimal(v) for k, v in desk.held().items()}
    assert read.holdings.cash_of("main", "KRW") == desk.cash()
    assert {quote.code: quote.price for quote in read.quotes} == {
        code: quote.price for code, quote in desk.made.prices.quotes.items()
    }


def test_holdings_that_were_edited_after_a_run_need_a_person(desk: Desk) -> None:
    source = desk.folder / "holdings.csv"
    source.write_text("code,quantity\n", encoding="utf-8")
    desk.run()
    source.write_text("code,quantity\nA,1\n", encoding="utf-8")
    with pytest.raises(DecisionNeeded, match=r"holdings\.csv: it was edited after run") as told:
        holdings_in_force(desk.folder)
    assert told.value.exit_code == 5
    source.write_text("code,quantity\n", encoding="utf-8")
    snapshot = desk.folder / "holdings.reconciled.csv"
    snapshot.write_text(snapshot.read_text(encoding="utf-8").replace(",230,", ",231,"), encoding="utf-8")
    with pytest.raises(DecisionNeeded, match="edited by hand"):
        holdings_in_force(desk.folder)


def test_other_accounts_keep_their_rows(tmp_path: Path) -> None:
    held = "main: A 60 @ 10000, B 40 @ 10000; cash KRW 7; pension: A 5; cash KRW 70; dividends KRW 3"
    made = situation(policy("A 50, B 50", constraints=FREE, accounts={"main": {}, "pension": {}}), held)
    desk = paper_desk(tmp_path, made, "SELL A 10, BUY B 9", options=FORCED)
    desk.run()
    read = read_holdings(holdings_in_force(tmp_path), made.policy, ON).holdings
    assert read.only("pension") == replace(made.holdings.only("pension"), as_of=read.as_of, source=read.source)
    assert read.quantity("A", "main") == 50


def test_history_tells_every_run_newest_first(desk: Desk) -> None:
    assert history.history(desk.folder).runs == ()
    first = desk.run()
    told = history.history(desk.folder, "main", language="ko")
    assert told.to_dict() == {"runs": [first.to_dict("ko")]}
    assert list(told.table()["status"]) == ["SUCCESS"]
    assert "SUCCESS" in told._repr_html_()
    assert list(first.table()["filled"]) == [8, 20, 9, 25, 8]
    assert "TIGER" in first._repr_html_()
    assert history.history(desk.folder, "nobody").runs == ()
    assert json.loads(json.dumps(told.to_dict())) == told.to_dict()


def test_a_rebalance_is_remembered_and_a_deposit_is_not_one(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    one.mkdir()
    two.mkdir()
    paper_desk(one, document_000(), options=FORCED).run()
    flow = PlanOptions(contribute=Decimal(1_000_000))
    paper_desk(two, document_001(), options=flow, trigger="cash_flow").run()
    assert history.last_rebalance(one, "main") == ON
    assert history.last_rebalance(two, "main") is None
    assert history.pending(one, "main") is None


def test_progress_is_told_in_both_languages(desk: Desk) -> None:
    desk.run()
    assert desk.told[0].en == "sell 8 TIGER 반도체 (091230)"
    assert desk.told[0].ko == "TIGER 반도체(091230) 8주 매도"
    assert desk.told[-1].ko == "실행을 마쳤습니다: SUCCESS"


def _random() -> st.SearchStrategy[Situation]:
    def build(shares: list[int], prices: list[int], cash: int, fee: str) -> Situation:
        held = ", ".join(f"{code} {n} @ {price}" for code, n, price in zip("ABC", shares, prices, strict=True))
        made = policy("A 50, B 30, C 20", constraints=FREE, fee=fee, slippage="0.001")
        return situation(made, f"main: {held}; cash KRW {cash}")

    whole = st.integers(1, 300)
    price = st.integers(200, 10_000).map(lambda n: n * 5)
    return st.builds(
        build,
        st.lists(whole, min_size=3, max_size=3),
        st.lists(price, min_size=3, max_size=3),
        st.integers(0, 2_000_000),
        st.sampled_from(["0", "0.00015", "0.003"]),
    )


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(made=_random())
def test_value_is_conserved_up_to_costs_and_nothing_is_negative(
    tmp_path_factory: pytest.TempPathFactory, made: Situation
) -> None:
    desk = paper_desk(tmp_path_factory.mktemp("run"), made, options=FORCED)
    assume(desk.plan.orders and sum(order.amount for order in desk.plan.orders) <= desk.plan.drift.total_value)
    result = desk.run()  # the run itself asserts that fills explain every share and every won
    costs = sum(order.commission + order.slippage for order in desk.plan.orders)
    assert result.total_after is not None
    assert result.total_before - costs <= result.total_after <= result.total_before
    assert desk.cash() >= 0
    assert min(desk.held().values()) >= 0
