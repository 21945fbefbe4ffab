"""The desk's weights: always exactly 10,000 basis points, by a rule that a person can follow."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rebalance_kit.dashboard.allocation import CASH_ROW, allocation_of
from rebalance_kit.dashboard.drafts import Draft, Drafts
from rebalance_kit.dashboard.weights import TOTAL, as_weight, checked, in_basis_points, move
from rebalance_kit.errors import RuleError, UsageError
from tests.make import DOCUMENT_000, policy


@st.composite
def allocations(draw: st.DrawFn) -> tuple[int, ...]:
    """Weights in basis points that sum to 10,000, zeros included."""
    cuts = sorted(draw(st.lists(st.integers(0, TOTAL), min_size=1, max_size=11)))
    return tuple(b - a for a, b in zip([0, *cuts], [*cuts, TOTAL], strict=True))


@st.composite
def moves(draw: st.DrawFn) -> tuple[tuple[int, ...], set[int], int, int]:
    base = draw(allocations())
    row = draw(st.integers(0, len(base) - 1))
    others = [other for other in range(len(base)) if other != row]
    locked = set(draw(st.lists(st.sampled_from(others), max_size=len(others) - 1, unique=True))) if others else set()
    return base, locked, row, draw(st.integers(-500, TOTAL + 500))


@given(moves())
def test_a_move_keeps_the_sum_and_the_locked_rows(case: tuple[tuple[int, ...], set[int], int, int]) -> None:
    base, locked, row, wanted = case
    moved = move(base, locked, row, wanted)
    assert sum(moved) == TOTAL
    assert min(moved) >= 0
    assert all(moved[other] == base[other] for other in locked)
    room = TOTAL - sum(base[other] for other in locked)
    assert moved[row] == min(max(wanted, 0), room)


@given(moves())
def test_the_others_share_in_proportion_to_less_than_a_basis_point(
    case: tuple[tuple[int, ...], set[int], int, int],
) -> None:
    base, locked, row, wanted = case
    moved = move(base, locked, row, wanted)
    others = [other for other in range(len(base)) if other != row and other not in locked]
    before, after = sum(base[other] for other in others), sum(moved[other] for other in others)
    for other in others:
        share = Decimal(base[other]) / before if before else Decimal(1) / len(others)
        assert abs(moved[other] - share * after) < 1


@given(moves())
def test_moving_out_and_back_from_the_same_base_changes_nothing(
    case: tuple[tuple[int, ...], set[int], int, int],
) -> None:
    base, locked, row, _ = case
    assert move(base, locked, row, base[row]) == base


def test_the_largest_remainder_wins_then_the_larger_weight_then_the_row_above() -> None:
    assert move((4000, 2000, 2000, 2000), set(), 0, 4001) == (4001, 2000, 2000, 1999)
    assert move((3500, 2000, 1500, 1500, 500, 500, 500), set(), 0, 4000) == (4000, 1846, 1385, 1385, 462, 461, 461)


def test_rows_at_zero_share_equally_when_nothing_else_can_take_the_difference() -> None:
    assert move((10_000, 0, 0, 0), set(), 0, 9000) == (9000, 334, 333, 333)


@pytest.mark.parametrize("locked", [{1, 2}, {0}])
def test_a_move_that_locks_leave_no_room_for_is_refused_in_one_sentence(locked: set[int]) -> None:
    with pytest.raises(UsageError, match="every other row is locked") as refusal:
        move((5000, 3000, 2000), locked, 0, 6000)
    assert "잠금" in refusal.value.message("ko")


@pytest.mark.parametrize(
    "sent",
    [
        None, "5000,5000", [5000], [5000, 4999], [5000.0, 5000], [True, 9999], [-1, 10_001], [5000, "5000"],
        [5000, 5000, 0], {"0": 5000, "1": 5000},
    ],
)  # fmt: skip
def test_only_whole_lists_that_sum_to_10000_come_through_the_door(sent: object) -> None:
    with pytest.raises(UsageError, match=r"10,000"):
        checked(sent, 2)


def test_a_fixed_row_cannot_be_changed_by_a_page() -> None:
    assert checked([4000, 6000], 2, [(1, 6000)]) == (4000, 6000)
    with pytest.raises(UsageError):
        checked([4001, 5999], 2, [(1, 6000)])


@given(allocations())
def test_targets_in_whole_basis_points_come_back_as_they_are(points: tuple[int, ...]) -> None:
    assert in_basis_points([as_weight(point) for point in points]) == points


def test_finer_targets_round_by_largest_remainder() -> None:
    assert in_basis_points([Decimal("0.35"), Decimal("0.33333"), Decimal("0.31667")]) == (3500, 3333, 3167)


# ---- the rows of the editor ----


def test_an_untouched_allocation_leaves_the_policy_alone() -> None:
    rows = allocation_of(policy(DOCUMENT_000))
    assert rows.weights == (3500, 1500, 1500, 500, 1000, 1000, 1000)
    assert rows.targets is None


def test_dragging_a_slider_out_and_back_leaves_every_weight_as_it_was() -> None:
    rows = allocation_of(policy(DOCUMENT_000))
    there = rows
    for points in (4000, 7000, 10_000, 0, 3500):
        there = there.move("360750", points)
        assert sum(there.weights) == TOTAL
    assert there.weights == rows.weights


def test_targets_of_a_changed_allocation_sum_to_one() -> None:
    rows = allocation_of(policy(DOCUMENT_000)).lock("069500", True).move("360750", 4321)
    assert rows.targets is not None
    assert sum(rows.targets.values()) == 1
    assert rows.targets["069500"] == Decimal("0.15")


def test_a_cash_target_is_a_row_that_stays() -> None:
    rows = allocation_of(policy("A 60, B 30, cash 10")).move("A", 5000).lock(CASH_ROW, False)
    assert rows.codes == ("A", "B", CASH_ROW)
    assert rows.weights == (5000, 4000, 1000)
    assert rows.locked == (False, False, True)
    assert rows.targets == {"A": Decimal("0.5"), "B": Decimal("0.4")}


def test_a_cash_target_finer_than_a_basis_point_says_why_nothing_moves() -> None:
    rows = allocation_of(policy("A 60, B 37.995, cash 2.005"))
    with pytest.raises(RuleError, match="more than four decimals"):
        rows.move("A", 5000)


@pytest.mark.parametrize("locks", [None, [True], [True, False, True]])
def test_a_page_must_send_one_lock_per_row(locks: object) -> None:
    with pytest.raises(UsageError):
        allocation_of(policy("A 60, B 40")).edit([5000, 5000], locks)


# ---- drafts ----


def draft_of(text: str, *, amount: str = "1,000,000") -> Draft:
    rows = allocation_of(policy(text)).move("A", 5000)
    return Draft(rows.codes, rows.policy, rows.weights, rows.locked, "in", amount, True)


def test_a_draft_survives_and_is_forgotten(tmp_path: Path) -> None:
    drafts, draft = Drafts(tmp_path), draft_of("A 60, B 40")
    assert drafts.load() is None
    assert not drafts.path.exists()  # looking writes nothing
    assert drafts.save(draft)
    assert Drafts(tmp_path).load() == draft
    drafts.clear()
    assert drafts.load() is None


def test_a_draft_of_another_policy_does_not_apply() -> None:
    rows = allocation_of(policy("A 70, B 30"))
    assert rows.resume(draft_of("A 60, B 40")) == rows
    mine = draft_of("A 70, B 30")
    assert rows.resume(mine).weights == mine.weights


def test_a_broken_draft_file_is_no_draft_and_a_folder_without_room_no_failure(tmp_path: Path) -> None:
    drafts = Drafts(tmp_path)
    drafts.path.write_bytes(b"this is not a database, although it is long enough to look like one" * 20)
    assert drafts.load() is None
    assert not drafts.save(draft_of("A 60, B 40"))
    assert not Drafts(tmp_path / "missing").save(draft_of("A 60, B 40"))
