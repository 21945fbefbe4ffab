"""How the desk keeps weights at exactly 100 %: integer basis points, one visible rule, no floats.

A weight is an integer number of basis points (1 % = 100). Moving one row changes the others *in proportion to their
weights*; what integers cannot share goes to the largest remainders (equal remainders: the larger weight first, then
the row above). Locked rows stay. The same rule runs in the browser (`editor.js`), which sends one whole list;
`checked` is the door through which that list enters.

The others are shared out from where they stood when the row was first touched (`base`), not from one pixel before:
dragging a slider out and back leaves every weight as it was.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from decimal import Decimal
from fractions import Fraction

from rebalance_kit.errors import UsageError
from rebalance_kit.money import split_exactly
from rebalance_kit.words import Text

TOTAL = 10_000  # basis points
_ONE_BP = Decimal("0.0001")


def in_basis_points(targets: Sequence[Decimal]) -> tuple[int, ...]:
    """Target weights that sum to 1 as basis points that sum to 10,000 (largest remainder)."""
    parts = {f"{row:06d}": Fraction(target) for row, target in enumerate(targets)}
    shares = split_exactly(Decimal(1), parts, _ONE_BP)
    return tuple(int(shares[row].scaleb(4)) for row in parts)


def as_weight(basis_points: int) -> Decimal:
    """Basis points as a weight: 3500 -> 0.3500."""
    return Decimal(basis_points).scaleb(-4)


def move(base: Sequence[int], locked: Collection[int], row: int, wanted: int) -> tuple[int, ...]:
    """The weights after `row` goes to `wanted` basis points, or as near as the locked rows allow.

    `base` sums to 10,000. UsageError when the row is locked or when every other row is.
    """
    others = [other for other in range(len(base)) if other != row and other not in locked]
    if row in locked or not others:
        raise nothing_can_move()
    room = base[row] + sum(base[other] for other in others)
    value = min(max(wanted, 0), room)
    shares = _share(room - value, [base[other] for other in others])
    result = list(base)
    result[row] = value
    for other, share in zip(others, shares, strict=True):
        result[other] = share
    return tuple(result)


def checked(weights: object, count: int, fixed: Sequence[tuple[int, int]] = ()) -> tuple[int, ...]:
    """A list that came from the browser, as weights: `count` whole numbers that sum to 10,000.

    `fixed` are (row, basis points) that the browser may not change. UsageError for anything else.
    """
    if not isinstance(weights, (list, tuple)) or len(weights) != count:
        raise bad_list(weights)
    rows = tuple(weight for weight in weights if type(weight) is int and 0 <= weight <= TOTAL)
    if len(rows) != count or sum(rows) != TOTAL or any(rows[row] != points for row, points in fixed):
        raise bad_list(weights)
    return rows


def _share(total: int, weights: Sequence[int]) -> list[int]:
    """`total` in proportion to `weights` (equally when they are all zero), by largest remainder."""
    whole = sum(weights)
    parts = list(weights) if whole else [1] * len(weights)
    whole = whole or len(weights)
    shares = [part * total // whole for part in parts]
    by_remainder = sorted(range(len(parts)), key=lambda row: (-(parts[row] * total % whole), -parts[row], row))
    for row in by_remainder[: total - sum(shares)]:
        shares[row] += 1
    return shares


def nothing_can_move() -> UsageError:
    """The refusal of a change that locked rows leave no room for."""
    return UsageError(
        "weights_locked",
        where=Text("weights", "비중"),
        wrong=Text("every other row is locked, so this weight cannot change",
                   "다른 종목이 모두 잠겨 있어 이 비중을 바꿀 수 없습니다"),
        expected=Text("at least one other unlocked row to take up the difference",
                      "차이를 나눠 받을, 잠기지 않은 다른 종목 하나 이상"),
        fix=Text("unlock a row", "한 종목의 잠금을 풀어 주세요"),
    )  # fmt: skip


def bad_list(weights: object) -> UsageError:
    """The refusal of a list that no page of ours would send."""
    return UsageError(
        "weights_sum",
        where=Text("weights", "비중"),
        wrong=Text(f"the page sent {_short(weights)}", f"화면이 보낸 값이 {_short(weights)}입니다"),
        expected=Text("one whole number of basis points per row, 10,000 in all",
                      "종목마다 정수 베이시스포인트 하나, 합계 10,000"),
        fix=Text("reload the page", "화면을 새로 고쳐 주세요"),
    )  # fmt: skip


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
