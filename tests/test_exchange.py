"""Exchange lines: planned, proved, shown, and made once on the paper account."""

from __future__ import annotations

import io
import sqlite3
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from rich.console import RenderableType

from rebalance_kit.brokers.base import Answer, Mode, Reply
from rebalance_kit.brokers.paper import PaperBroker
from rebalance_kit.checks import PlanBlocked
from rebalance_kit.costs import Exchange, exchanged
from rebalance_kit.dashboard import order_views
from rebalance_kit.errors import RuleError
from rebalance_kit.execution import history
from rebalance_kit.execution.chain import journal_path
from rebalance_kit.execution.engine import execute
from rebalance_kit.execution.journal import Journal
from rebalance_kit.execution.result import RunStatus, Upto
from rebalance_kit.execution.schema import MIGRATIONS
from rebalance_kit.execution.stop import set_stopped
from rebalance_kit.planner.plan import Plan
from rebalance_kit.report.terminal import show
from rebalance_kit.report.terminal_plan import plan_view
from rebalance_kit.report.terminal_run import run_view
from rebalance_kit.storage import open_database
from rebalance_kit.words import Language, same
from tests.make import Situation, policy, situation
from tests.make_plan import made_plan
from tests.make_run import Desk
from tests.shapes import PLAN, RUN, faults

D = Decimal


def dollars(held: str = "main: A 20, VOO 2; cash KRW 30000", **settings: Any) -> Situation:
    """Won and dollars, with costs that the paper account meets to the won unless it is told otherwise."""
    foreign = {code: {"currency": "USD", "exchange": "XNYS"} for code in ("VOO", "TLT")}
    defaults: dict[str, Any] = {
        "fee": "0.001",
        "costs": {"fx_spread": "0.002"},
        "orders": {"tolerance": "0"},
        "constraints": {"max_order_share": 1, "max_turnover": 1},
    }
    wanted = policy("A 20, VOO 50, TLT 30", assets=foreign, **(defaults | settings))
    return situation(wanted, held, "A 10000, VOO 500.25 USD, TLT 90.1 USD, USD/KRW 1400")


def desk_of(folder: Path, made: Situation, **asked: Any) -> Desk:
    return Desk(folder, made, made_plan(made, **asked))


def cash_by_hand(made: Situation, plan: Plan, flow: int) -> dict[str, Decimal]:
    """Cash after the plan, added up from its lines."""
    cash = {code: made.holdings.cash_of("main", code) for code in ("KRW", "USD")}
    cash["KRW"] += flow
    for order in plan.orders:
        cash[order.currency] += order.amount * (1 if order.side == "SELL" else -1) - order.commission - order.slippage
    for line in plan.exchanges:
        cash[line.sold_currency] -= line.sold
        cash[line.bought_currency] += line.bought
        cash["KRW"] -= line.cost
    return cash


def on_screen(content: RenderableType) -> str:
    """What the terminal shows, on one line."""
    screen = io.StringIO()
    show(content, screen)
    return " ".join(screen.getvalue().split())


# ---- one line ----


def test_what_is_paid_is_rounded_up_and_what_is_received_down() -> None:
    buys = exchanged("main", "KRW", "USD", D("10.01"), rate=D("1399.9"), spread=D("0.01"))
    assert (buys.sold, buys.bought, buys.cost) == (D(14_013), D("10.01"), D(141))  # 14,012.999 and 140.13
    sells = exchanged("main", "KRW", "USD", D("-10.01"), rate=D("1399.9"), spread=D("0.01"))
    assert (sells.sold, sells.bought, sells.cost) == (D("10.01"), D(14_012), D(141))
    assert [buys.moved(c, "KRW") for c in ("KRW", "USD", "EUR")] == [-14_154, D("10.01"), 0]
    assert [sells.moved(c, "KRW") for c in ("KRW", "USD", "EUR")] == [13_871, D("-10.01"), 0]


def test_a_line_in_words_shows_its_rate_and_its_cost() -> None:
    line = exchanged("main", "KRW", "USD", D(1000), rate=D(1400), spread=D("0.002"))
    assert line.said("KRW").en == "Exchange ₩1,400,000 for $1,000.00 (at 1,400, cost ₩2,800)"
    assert line.said("KRW").ko == "₩1,400,000 → $1,000.00 환전(환율 1,400, 비용 ₩2,800)"


# ---- the plan ----


def test_a_deposit_in_won_buys_dollars() -> None:
    made = dollars()
    plan = made_plan(made, contribute="3000000")
    (line,) = plan.exchanges
    assert (line.sold_currency, line.bought_currency, line.rate) == ("KRW", "USD", D(1400))
    bought = sum(o.amount + o.commission for o in plan.orders if o.currency == "USD")
    assert line.bought == bought  # to the cent, and no more
    assert line.sold == line.bought * 1400
    assert 0 <= line.cost - line.sold * 2 / 1000 < 1
    assert plan.summary.fx_cost == line.cost
    assert (plan.optimality.status, plan.certificate.valid) == ("optimal", True)
    assert plan.summary.cash_after == cash_by_hand(made, plan, 3_000_000)["KRW"]


def test_no_count_of_two_assets_is_better() -> None:
    """Every plan of two assets by hand: deviation, costs and the exchange, in won."""
    wanted = policy("A 40, VOO 60", assets={"VOO": {"currency": "USD"}}, fee="0.01", costs={"fx_spread": "0.02"})
    made = situation(wanted, "A 3, VOO 1; cash KRW 100, cash USD 1", "A 1000, VOO 7.5 USD, USD/KRW 100")
    plan = made_plan(made, contribute="9000")
    goals = {goal.code: goal.value for goal in plan.goals}

    def up(amount: Decimal, unit: Decimal) -> Decimal:
        return -(-amount // unit) * unit

    best: tuple[Decimal, int, int] | None = None
    for a in range(3, 13):
        for voo in range(1, 16):
            bought, dollar = (a - 3) * D(1000), (voo - 1) * D("7.5")
            fee, fee_usd = up(bought / 100, D(1)), up(dollar / 100, D("0.01"))
            short = max(D(0), dollar + fee_usd - 1)
            spent = up(short * 100, D(1)) + up(short * 2, D(1))
            if bought + fee + spent > 9100:
                continue
            off = abs(a * 1000 - goals["A"]) + abs(voo * 750 - goals["VOO"])
            worth = off + fee + up(fee_usd * 100, D(1)) + short * 2
            best = min(best or (worth, a, voo), (worth, a, voo))
    assert best is not None
    after = {row.code: row.quantity for row in plan.after}
    assert (int(after["A"]), int(after["VOO"])) == best[1:]
    assert plan.exchanges


def test_dollars_pay_for_a_withdrawal_in_won() -> None:
    made = dollars("main: A 1, VOO 20; cash USD 10")
    plan = made_plan(made, withdraw="4000000")
    (line,) = plan.exchanges
    assert (line.sold_currency, line.bought_currency) == ("USD", "KRW")
    assert {order.code for order in plan.orders} == {"VOO"}
    assert cash_by_hand(made, plan, -4_000_000)["KRW"] >= 0
    assert plan.certificate.valid


def test_without_need_or_leave_nothing_is_exchanged() -> None:
    assert made_plan(dollars("main: A 175, VOO 10; cash KRW 20000"), force=True).exchanges == ()
    own = made_plan(dollars(cash={"exchange": False}), contribute="3000000")
    assert own.exchanges == ()
    assert {order.currency for order in own.orders} == {"KRW"}
    assert "exchange_needed" in {finding.rule for finding in own.findings}


def test_a_plan_that_is_not_due_exchanges_nothing() -> None:
    plan = made_plan(dollars("main: A 20, VOO 1, TLT 3; cash KRW 3000000", strategy="manual"))
    assert plan.orders == ()
    assert plan.exchanges == ()
    assert plan.ideal
    assert plan.summary.fx_cost == 0


def test_the_id_tells_of_the_exchange() -> None:
    cheap, dear = (made_plan(dollars(costs={"fx_spread": spread}), contribute="3000000") for spread in ("0", "0.001"))
    assert cheap.plan_id != dear.plan_id
    assert cheap.exchanges[0].cost == 0


def test_json_tables_terminal_and_desk_show_it() -> None:
    plan = made_plan(dollars(), contribute="3000000")
    document = plan.to_dict()
    assert faults(document, PLAN) == []
    (said,) = plan.exchange_lines()
    table = plan.table()
    row = table[table["side"] == "EXCHANGE"].iloc[0]
    assert (row["code"], row["currency"], row["fx_cost"]) == ("USD", "KRW", plan.summary.fx_cost)
    assert list(table["side"]) == ["EXCHANGE", *[order.side for order in plan.orders]]
    assert said.en in plan._repr_html_()
    languages: tuple[Language, ...] = ("en", "ko")
    for language in languages:
        shown = on_screen(plan_view(plan, language))
        assert said.of(language) in shown
        assert {"en": "Exchange cost", "ko": "환전 비용"}[language] in shown
        assert said.of(language) in order_views.preview(plan, language)


# ---- the run ----


@pytest.mark.parametrize("asked", [{"contribute": "3000000"}, {"force": True}])
def test_the_run_on_paper_leaves_exactly_the_planned_cash(tmp_path: Path, asked: dict[str, Any]) -> None:
    made = dollars("main: A 200, VOO 2; cash KRW 30000")
    desk = desk_of(tmp_path, made, **asked)
    result = desk.run()
    assert (result.status, result.findings) == (RunStatus.SUCCESS, ())
    assert [state for _, state in result.exchanges] == ["DONE"]
    planned = cash_by_hand(made, desk.plan, int(asked.get("contribute", 0)))
    assert {code: desk.cash(code) for code in planned} == planned
    assert desk.run().repeated
    assert {code: desk.cash(code) for code in planned} == planned
    assert faults(desk.plan.to_dict() | result.to_dict("en"), RUN) == []
    assert "done" in on_screen(run_view(result, "en"))
    assert "환전" in order_views.receipt(result, "ko")


def test_a_withdrawal_leaves_after_the_exchange(tmp_path: Path) -> None:
    made = dollars("main: A 1, VOO 20; cash USD 10")
    desk = desk_of(tmp_path, made, withdraw="4000000")
    assert desk.run().status is RunStatus.SUCCESS
    planned = cash_by_hand(made, desk.plan, -4_000_000)
    assert {code: desk.cash(code) for code in planned} == planned


def test_the_exchange_is_large_enough_for_the_limits_of_the_buys(tmp_path: Path) -> None:
    """Buys are sized at their limits: an exchange to the cent would always cost the last one a share."""
    desk = desk_of(tmp_path, dollars(orders={"tolerance": "0.005"}), contribute="3000000")
    result = desk.run()
    assert (result.status, result.findings) == (RunStatus.SUCCESS, ())
    ((made, _),) = result.exchanges
    (planned,) = desk.plan.exchanges
    assert planned.bought < made.bought <= planned.bought * D("1.006")
    assert desk.cash("USD") == made.bought - planned.bought
    assert desk.cash() == desk.plan.summary.cash_after - (made.sold - planned.sold) - (made.cost - planned.cost)


def test_without_spare_won_the_exchange_is_the_plans(tmp_path: Path) -> None:
    wanted = policy(
        "VOO 100",
        assets={"VOO": {"currency": "USD", "exchange": "XNYS"}},
        constraints={"max_order_share": 1, "max_turnover": 1},
    )
    made = situation(wanted, "cash KRW 10000", "VOO 10 USD, USD/KRW 100")
    desk = desk_of(tmp_path, made, force=True)
    result = desk.run()
    assert [line for line, _ in result.exchanges] == list(desk.plan.exchanges)
    assert desk.held() == {"VOO": 9}  # a hundred dollars, and a limit of 10.05 each
    assert [finding.rule for finding in result.findings] == ["order_cut"]


def test_sales_that_are_not_filled_cut_the_exchange(tmp_path: Path) -> None:
    desk = desk_of(tmp_path, dollars("main: A 300, VOO 2; cash KRW 700000"), force=True)
    away = replace(desk.plan.orders[0], limit_price=D(10_005))
    plan = replace(desk.plan, orders=(away, *desk.plan.orders[1:]))
    result = desk.run(plan=plan)
    ((made, state),) = result.exchanges
    assert state == "DONE"
    assert made.bought < plan.exchanges[0].bought
    assert made.sold + made.cost <= 700_000
    assert result.status is RunStatus.PARTIAL
    assert "exchange_cut" in {finding.rule for finding in result.findings}
    assert desk.cash() >= 0


def test_up_to_the_sales_nothing_is_exchanged_for_buys(tmp_path: Path) -> None:
    desk = desk_of(tmp_path, dollars("main: A 300, VOO 2; cash KRW 700000"), force=True)
    result = desk.run(upto=Upto.SELL)
    assert (result.status, result.exchanges) == (RunStatus.SUCCESS, ())


def test_the_kill_switch_stops_the_exchange(tmp_path: Path) -> None:
    desk = desk_of(tmp_path, dollars("main: A 300, VOO 2; cash KRW 700000"), force=True)
    desk.on_step = lambda step: set_stopped(tmp_path, on=True) if step == "exchanges.committed" else None
    result = desk.run()
    assert [state for _, state in result.exchanges] == ["REFUSED"]
    assert result.status is RunStatus.PARTIAL
    assert {"kill_switch", "exchange_refused"} <= {finding.rule for finding in result.findings}
    set_stopped(tmp_path, on=False)
    assert desk.cash("USD") == 0


class _Cannot:
    """A broker without exchanges."""

    def __init__(self, inner: PaperBroker) -> None:
        self._inner = inner

    def __getattr__(self, name: str) -> object:
        if name in ("exchange", "exchanged"):
            raise AttributeError(name)
        return getattr(self._inner, name)


def test_a_broker_that_cannot_exchange_is_told_what_to_do(tmp_path: Path) -> None:
    desk = desk_of(tmp_path, dollars(), contribute="3000000")
    context = replace(desk.context(), broker=_Cannot(desk.broker()))  # type: ignore[arg-type]  # a broker by its methods
    with pytest.raises(PlanBlocked, match="exchange it at the broker, then plan again") as told:
        execute(desk.plan, context, mode=Mode.PAPER, yes=desk.plan.plan_id)
    assert told.value.code == "exchange"
    assert isinstance(told.value, RuleError)
    assert history.runs(tmp_path) == ()


class _Refuses(PaperBroker):
    def exchange(self, exchange_id: str, line: Exchange) -> Reply:
        return Reply(Answer.REJECTED, same("no"))


def test_a_refused_exchange_is_said_and_the_buys_keep_to_the_cash(tmp_path: Path) -> None:
    desk = desk_of(tmp_path, dollars(), contribute="3000000")
    refuses = _Refuses.__new__(_Refuses)
    refuses.__dict__.update(desk.broker().__dict__)
    result = desk.run(broker=refuses)
    assert result.status is RunStatus.PARTIAL
    assert "exchange_refused" in {finding.rule for finding in result.findings}
    assert desk.cash("USD") == 0


def test_the_paper_account_makes_an_exchange_once(tmp_path: Path) -> None:
    broker = desk_of(tmp_path, dollars(), contribute="3000000").broker()
    line = exchanged("main", "KRW", "USD", D("10"), rate=D(1400), spread=D("0.002"))
    assert not broker.exchanged("x-1")
    assert [broker.exchange("x-1", line).answer for _ in range(3)] == [Answer.ACCEPTED] * 3
    assert broker.exchanged("x-1")
    there = broker.snapshot()
    assert (there.cash_of("KRW"), there.cash_of("USD")) == (D(30_000 - 14_028), D(10))
    assert broker.exchange("x-2", replace(line, sold=D(20_000))).answer is Answer.REJECTED
    assert not broker.exchanged("x-2")
    assert broker.snapshot().cash_of("KRW") == 30_000 - 14_028


# ---- the journal ----


@pytest.fixture
def begun(tmp_path: Path) -> tuple[Path, str]:
    """A journal with a run whose exchange is committed and not made."""
    desk = desk_of(tmp_path, dollars(), contribute="3000000")

    def stop(step: str) -> None:
        if step == "exchanges.committed":
            raise KeyboardInterrupt

    desk.on_step = stop
    with pytest.raises(KeyboardInterrupt):
        desk.run()
    path = journal_path(tmp_path, Mode.PAPER)
    with Journal(path, "main", desk.clock) as journal:
        run = journal.open_run()
        assert run is not None
    return path, run.run_id


@pytest.mark.parametrize(
    ("statement", "rule"),
    [
        ("UPDATE exchange SET sold = '1'", "forward only"),
        ("UPDATE exchange SET rate = '1'", "forward only"),
        ("UPDATE exchange SET state = 'MAYBE'", "CHECK"),
        ("DELETE FROM exchange", "nothing is deleted"),
        ("UPDATE run SET phase = 'BUY'", "every exchange is decided"),
        ("INSERT INTO exchange SELECT 'x', run_id, 'EUR', '1', 'KRW', '1', '1', '0', 'DONE' FROM run", "PENDING"),
        ("INSERT INTO exchange SELECT 'x', run_id, 'KRW', '1', 'KRW', '1', '1', '0', 'PENDING' FROM run", "CHECK"),
        ("INSERT INTO exchange SELECT 'x', run_id, 'KRW', '1', 'USD', '1', '1', '0', 'PENDING' FROM run", "UNIQUE"),
    ],
)
def test_the_journal_refuses_what_must_never_happen(begun: tuple[Path, str], statement: str, rule: str) -> None:
    with sqlite3.connect(begun[0]) as database, pytest.raises(sqlite3.IntegrityError, match=rule):
        database.execute(statement)


def test_an_exchange_is_decided_once(begun: tuple[Path, str], tmp_path: Path) -> None:
    path, run_id = begun
    with sqlite3.connect(path) as database:
        database.execute("UPDATE exchange SET state = 'DONE'")
        with pytest.raises(sqlite3.IntegrityError, match="forward only"):
            database.execute("UPDATE exchange SET state = 'REFUSED'")
        database.execute("UPDATE run SET phase = 'BUY' WHERE run_id = ?", (run_id,))
        with pytest.raises(sqlite3.IntegrityError, match="before the buys"):
            database.execute(
                "INSERT INTO exchange SELECT 'x', run_id, 'EUR', '1', 'KRW', '1', '1', '0', 'PENDING' FROM run"
            )


def test_a_journal_of_the_first_version_is_brought_up_to_date_by_reading(tmp_path: Path) -> None:
    path = journal_path(tmp_path, Mode.PAPER)
    open_database(path, MIGRATIONS[:1]).close()
    assert history.runs(tmp_path) == ()
    with sqlite3.connect(path) as database:
        assert database.execute("PRAGMA user_version").fetchone() == (len(MIGRATIONS),)
        assert database.execute("SELECT count(*) FROM exchange").fetchone() == (0,)
