"""The desk without a screen: what a person may do at each step, and that nothing is submitted by accident."""

from __future__ import annotations

import shutil
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from rebalance_kit.dashboard.drafts import Drafts
from rebalance_kit.dashboard.session import Choice, Session, Step
from rebalance_kit.dashboard.weights import TOTAL
from rebalance_kit.errors import BusyError, KitError, RuleError, UsageError
from rebalance_kit.execution.result import RunResult, RunStatus, Upto
from rebalance_kit.planner.plan import Plan
from rebalance_kit.portfolio import Portfolio, open_portfolio
from rebalance_kit.words import same

SAMPLES = Path(__file__).parents[1] / "portfolios"
ON = "2026-03-04"  # a day on which nothing is due


class Desk:
    """A courier that remembers what it was given and answers when it is told to."""

    def __init__(self) -> None:
        self.proposed: list[str] = []
        self.reply: RunResult | KitError | None = None
        self.broken = False

    def propose(self, portfolio: Portfolio, plan: Plan) -> str:
        if self.broken:
            raise OSError("disk full")
        self.proposed.append(plan.plan_id)
        return plan.plan_id

    def answer(self, portfolio: Portfolio, proposal: str) -> RunResult | KitError | None:
        return self.reply

    def done(self, session: Session) -> None:
        """The worker answers that everything was filled."""
        assert session.plan is not None
        assert session.portfolio is not None
        self.reply = RunResult(
            session.plan.plan_id, "main", "paper", session.portfolio.on, "KRW", RunStatus.SUCCESS, Upto.BUY, Decimal(1)
        )


def folder(tmp_path: Path, *names: str) -> Path:
    for name in names or ("growth",):
        shutil.copytree(SAMPLES / name, tmp_path / name)
    return tmp_path


def at_desk(root: Path, desk: Desk | None = None, *, name: str = "growth") -> Session:
    session = Session(root, desk or Desk(), opener=lambda path, account: open_portfolio(path, on=ON, account=account))
    session.open(next(choice for choice in session.choices() if choice.name == name))
    return session


def ready_to_submit(root: Path, desk: Desk) -> Session:
    session = at_desk(root, desk)
    session.insist(True)
    session.preview()
    assert session.confirm(True)
    return session


# ---- choosing ----


def test_a_folder_of_portfolios_and_a_portfolio_are_both_found(tmp_path: Path) -> None:
    root = folder(tmp_path, "us", "growth")
    (root / "notes").mkdir()
    assert [choice.name for choice in Session(root, Desk()).choices()] == ["growth", "us"]
    assert [choice.name for choice in Session(root / "us", Desk()).choices()] == ["us"]


@pytest.mark.parametrize("where", [".", "missing"])
def test_a_folder_without_portfolios_says_how_to_get_one(tmp_path: Path, where: str) -> None:
    with pytest.raises(UsageError, match="rebalance demo"):
        Session(tmp_path / where, Desk()).choices()


def test_opening_shows_value_drift_and_decision(tmp_path: Path) -> None:
    session = at_desk(folder(tmp_path))
    assert session.step is Step.EDITING
    assert session.drift == open_portfolio(tmp_path / "growth", on=ON).drift()
    assert session.drift is not None
    assert session.drift.total_value == 11_000_000
    assert session.decision is not None
    assert not session.decision.rebalance
    assert session.language == "ko"  # the portfolio's own


def test_the_screen_speaks_the_chosen_language(tmp_path: Path) -> None:
    session = at_desk(folder(tmp_path))
    session.speak("en")
    assert session.language == "en"


def test_looking_writes_nothing(tmp_path: Path) -> None:
    before = sorted(path.name for path in (folder(tmp_path) / "growth").iterdir())
    session = at_desk(tmp_path)
    session.insist(False) if session.force else None
    session.speak("en")
    assert sorted(path.name for path in (tmp_path / "growth").iterdir()) == before


def test_a_portfolio_that_cannot_be_read_leaves_the_desk_empty(tmp_path: Path) -> None:
    root = folder(tmp_path)
    (root / "growth" / "portfolio.yaml").write_text("portfolio: [", encoding="utf-8")
    session = Session(root, Desk())
    with pytest.raises(KitError):
        session.open(session.choices()[0])
    assert session.step is Step.EMPTY
    with pytest.raises(UsageError):
        session.preview()


def test_several_accounts_are_planned_together_unless_one_is_chosen(tmp_path: Path) -> None:
    root = folder(tmp_path)
    path = root / "growth" / "holdings.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("main,091230", "isa,091230"), encoding="utf-8")
    (root / "growth" / "lots.csv").unlink()
    path = root / "growth" / "portfolio.yaml"
    accounts = "portfolio:\n  accounts: {isa: {type: isa}, main: {}}\n"
    path.write_text(path.read_text(encoding="utf-8").replace("portfolio:\n", accounts), encoding="utf-8")
    session = at_desk(root)
    assert session.accounts == ("isa", "main")
    session.insist(True)
    session.preview()
    assert session.plan is not None
    assert {order.account for order in session.plan.orders} == {"isa", "main"}
    session.choose_account("main")
    assert session.force  # the draft is the portfolio's
    session.preview()
    assert session.plan is not None
    assert {order.account for order in session.plan.orders} == {"main"}
    with pytest.raises(UsageError):
        session.choose_account("nobody")
    session.choose_account(None)
    assert session.drift == open_portfolio(root / "growth", on=ON).drift()


# ---- weights ----


def test_a_moved_weight_is_measured_by_the_library(tmp_path: Path) -> None:
    session = at_desk(folder(tmp_path))
    session.move("360750", 4000)
    assert sum(session.allocation.weights) == TOTAL
    assert session.drift == open_portfolio(tmp_path / "growth", on=ON).drift(targets=session.allocation.targets)
    session.reset()
    assert session.drift == open_portfolio(tmp_path / "growth", on=ON).drift()


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(wishes=st.lists(st.tuples(st.integers(0, 6), st.integers(-100, 10_100), st.booleans()), max_size=6))
def test_any_burst_of_edits_ends_at_exactly_10000(tmp_path: Path, wishes: list[tuple[int, int, bool]]) -> None:
    if not (tmp_path / "growth").exists():
        folder(tmp_path)
    session = at_desk(tmp_path)
    session.reset()
    codes = session.allocation.codes
    for row, points, shut in wishes:
        session.lock(codes[(row + 1) % 7], shut)
        try:
            session.move(codes[row], points)
        except UsageError:
            assert session.allocation.locked[row] or all(
                session.allocation.locked[other] for other in range(7) if other != row
            )
        assert sum(session.allocation.weights) == TOTAL


@pytest.mark.parametrize("sent", [[10_000] * 7, [1, 2, 3], "x", None, [3500.0, 1500, 1500, 500, 1000, 1000, 1000]])
def test_a_list_that_no_page_of_ours_sends_changes_nothing(tmp_path: Path, sent: object) -> None:
    session = at_desk(folder(tmp_path))
    before = session.allocation
    with pytest.raises(UsageError):
        session.edit(sent, [False] * 7)
    assert session.allocation == before


# ---- preview, tick, submit ----


def test_when_nothing_is_due_the_preview_shows_what_would_be_and_cannot_be_ticked(tmp_path: Path) -> None:
    session = at_desk(folder(tmp_path))
    session.preview()
    assert session.step is Step.PREVIEWED
    assert session.plan is not None
    assert not session.plan.orders
    assert session.plan.ideal
    assert not session.confirm(True)
    assert not session.submit()


def test_the_preview_is_the_librarys_plan(tmp_path: Path) -> None:
    session = at_desk(folder(tmp_path))
    session.move("360750", 3300)
    session.put("1,000,000", "in")
    session.preview()
    expected = open_portfolio(tmp_path / "growth", on=ON).plan(contribute=1_000_000, targets=session.allocation.targets)
    assert session.plan == expected
    session.put("500000", "out")
    session.preview()
    assert session.plan == open_portfolio(tmp_path / "growth", on=ON).plan(
        withdraw=500_000, targets=session.allocation.targets
    )


@pytest.mark.parametrize("typed", ["abc", "0", "-5", "1,00", "1e6", "١٢٣", "NaN"])
def test_an_amount_that_is_none_stays_as_typed_and_blocks_the_preview(tmp_path: Path, typed: str) -> None:
    session = at_desk(folder(tmp_path))
    with pytest.raises(UsageError):
        session.put(typed, "in")
    assert session.amount_text == typed
    with pytest.raises(UsageError):
        session.preview()
    assert session.plan is None


def test_submit_needs_a_preview_a_tick_and_happens_once(tmp_path: Path) -> None:
    desk = Desk()
    session = at_desk(folder(tmp_path), desk)
    assert not session.submit()
    assert not session.confirm(True)
    session.insist(True)
    session.preview()
    assert not session.submit()
    assert session.confirm(True)
    assert session.submit()
    assert not session.submit()  # the second of two fast clicks
    assert session.step is Step.SENT
    assert len(desk.proposed) == 1


def edit_weight(session: Session) -> None:
    session.move("360750", 3400)


def edit_lock(session: Session) -> None:
    session.lock("360750", True)


def edit_amount(session: Session) -> None:
    session.put("100000", "in")


def edit_force(session: Session) -> None:
    session.insist(False)


def edit_reset(session: Session) -> None:
    session.reset()


EDITS = [edit_weight, edit_lock, edit_amount, edit_force, edit_reset]


@pytest.mark.parametrize("edit", EDITS)
def test_any_edit_clears_the_preview_and_the_tick(tmp_path: Path, edit: object) -> None:
    session = ready_to_submit(folder(tmp_path), Desk())
    assert callable(edit)
    edit(session)
    assert session.step is Step.EDITING
    assert session.plan is None
    assert not session.confirmed
    assert not session.submit()


def test_unticking_closes_the_way(tmp_path: Path) -> None:
    desk = Desk()
    session = ready_to_submit(folder(tmp_path), desk)
    assert not session.confirm(False)
    assert not session.submit()
    assert desk.proposed == []


def test_a_new_preview_wants_a_new_tick(tmp_path: Path) -> None:
    session = ready_to_submit(folder(tmp_path), Desk())
    session.preview()
    assert not session.confirmed
    assert not session.submit()


def test_the_language_changes_no_figure_and_keeps_the_tick(tmp_path: Path) -> None:
    session = ready_to_submit(folder(tmp_path), Desk())
    session.speak("en")
    assert session.confirmed


@pytest.mark.parametrize("edit", EDITS)
def test_while_orders_are_on_their_way_nothing_can_be_changed(tmp_path: Path, edit: object) -> None:
    session = ready_to_submit(folder(tmp_path), Desk())
    session.submit()
    assert callable(edit)
    with pytest.raises(BusyError):
        edit(session)
    with pytest.raises(BusyError):
        session.preview()
    with pytest.raises(BusyError):
        session.open(Choice("growth", tmp_path / "growth"))
    assert session.step is Step.SENT


def test_the_receipt_ends_the_draft(tmp_path: Path) -> None:
    desk = Desk()
    session = at_desk(folder(tmp_path), desk)
    session.move("360750", 3300)
    session.put("1,000,000", "in")
    session.preview()
    session.confirm(True)
    session.submit()
    assert not session.poll()
    desk.done(session)
    assert session.poll()
    assert session.step is Step.DONE
    assert session.receipt is desk.reply
    assert session.amount is None
    assert not session.allocation.changed
    assert at_desk(tmp_path).amount is None
    assert not session.submit()


def test_a_refusal_of_the_worker_is_said_and_the_desk_goes_on(tmp_path: Path) -> None:
    desk = Desk()
    session = ready_to_submit(folder(tmp_path), desk)
    session.submit()
    desk.reply = UsageError("wrong_plan_id", where="yes", wrong=same("x"), expected=same("y"), fix=same("z"))
    with pytest.raises(UsageError):
        session.poll()
    assert session.step is Step.EDITING
    assert session.plan is None


def test_a_proposal_that_cannot_be_left_submits_nothing(tmp_path: Path) -> None:
    desk = Desk()
    session = ready_to_submit(folder(tmp_path), desk)
    desk.broken = True
    with pytest.raises(OSError, match="disk full"):
        session.submit()
    assert session.step is Step.EDITING
    assert not session.confirmed


def test_a_preview_rests_on_the_prices_of_the_moment(tmp_path: Path) -> None:
    session = at_desk(folder(tmp_path))
    session.insist(True)
    session.preview()
    first = session.plan
    path = tmp_path / "growth" / "holdings.csv"
    path.write_text(path.read_text(encoding="utf-8").replace(",250,", ",240,"), encoding="utf-8")
    session.preview()
    assert first is not None
    assert session.plan is not None
    assert session.plan.plan_id != first.plan_id
    assert session.drift == open_portfolio(tmp_path / "growth", on=ON).drift()


def test_a_policy_that_was_edited_meanwhile_is_shown_before_anything_else(tmp_path: Path) -> None:
    session = at_desk(folder(tmp_path))
    session.move("360750", 3300)
    path = tmp_path / "growth" / "portfolio.yaml"
    text = path.read_text(encoding="utf-8")
    swapped = text.replace("target: 0.35", "target: 0.36").replace("target: 0.05", "target: 0.04")
    path.write_text(swapped, encoding="utf-8")
    with pytest.raises(UsageError, match="policy was changed"):
        session.preview()
    assert session.allocation.weights[0] == 3600
    assert session.plan is None


# ---- drafts ----


def test_what_was_typed_is_there_after_a_reload_and_a_tick_is_not(tmp_path: Path) -> None:
    session = at_desk(folder(tmp_path))
    session.lock("069500", True)
    session.move("360750", 3300)
    session.put("1,000,000", "in")
    session.preview()
    session.confirm(True)
    again = at_desk(tmp_path)
    assert again.allocation.weights == session.allocation.weights
    assert again.allocation.locked == session.allocation.locked
    assert again.amount == 1_000_000
    assert again.step is Step.EDITING
    assert again.plan is None
    assert not again.confirmed
    assert again.drift == session.drift


def test_each_portfolio_has_its_own_draft(tmp_path: Path) -> None:
    root = folder(tmp_path, "growth", "us")
    session = at_desk(root)
    session.put("1,000,000", "in")
    session.open(next(choice for choice in session.choices() if choice.name == "us"))
    assert session.amount is None
    assert Drafts(root / "us").load() is None


# ---- the whole machine ----


class AnybodyAtTheDesk(RuleBasedStateMachine):
    """Any order of wishes: a proposal is left only for the plan that was on the screen and ticked."""

    @initialize()
    def sit_down(self) -> None:
        import tempfile

        self.root = Path(tempfile.mkdtemp())
        self.desk = Desk()
        self.session = at_desk(folder(self.root), self.desk)
        self.ticked: str | None = None

    @rule(points=st.integers(0, 10_000), row=st.integers(0, 6))
    def move(self, points: int, row: int) -> None:
        self.wish(lambda: self.session.move(self.session.allocation.codes[row], points))

    @rule(text=st.sampled_from(["", "100000", "1,000,000", "x"]))
    def put(self, text: str) -> None:
        self.wish(lambda: self.session.put(text, "in"))

    @rule(force=st.booleans())
    def insist(self, force: bool) -> None:
        self.wish(lambda: self.session.insist(force))

    @rule()
    def preview(self) -> None:
        self.wish(self.session.preview)

    @rule(read=st.booleans())
    def tick(self, read: bool) -> None:
        if self.session.confirm(read):
            assert self.session.plan is not None
            self.ticked = self.session.plan.plan_id
        else:
            self.ticked = self.ticked if self.session.step is Step.SENT else None

    @rule()
    def submit(self) -> None:
        before = len(self.desk.proposed)
        sent = self.session.submit()
        assert len(self.desk.proposed) - before == int(sent)
        if sent:
            assert self.desk.proposed[-1] == self.ticked

    @rule()
    def answered(self) -> None:
        if self.session.step is Step.SENT:
            self.desk.done(self.session)
            assert self.session.poll()
            self.desk.reply = self.ticked = None

    @invariant()
    def weights_are_whole(self) -> None:
        assert sum(self.session.allocation.weights) == TOTAL
        assert self.session.confirmed == (self.session.step in (Step.CONFIRMED, Step.SENT))

    def wish(self, act: object) -> None:
        assert callable(act)
        try:
            act()
        except (UsageError, BusyError, RuleError):
            return
        self.ticked = None

    def teardown(self) -> None:
        shutil.rmtree(self.root)


AnybodyAtTheDesk.TestCase.settings = settings(max_examples=12, stateful_step_count=12, deadline=None)
TestAnybodyAtTheDesk = AnybodyAtTheDesk.TestCase
