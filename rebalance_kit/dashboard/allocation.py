"""The rows of the weights editor as one frozen value: weights, locks, and what the policy says."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING

from rebalance_kit.dashboard import weights as rule
from rebalance_kit.dashboard.drafts import Draft
from rebalance_kit.errors import RuleError, UsageError
from rebalance_kit.words import Text

if TYPE_CHECKING:
    from rebalance_kit.policy.model import Policy

CASH_ROW = "CASH"  # the row of the policy's cash target; no asset can have this code


@dataclass(frozen=True, slots=True)
class Allocation:
    """`weights` and `policy` are basis points and each sum to 10,000. A `fixed` row is locked for good.

    `touched` is the row that is being moved and where every row stood when that began (see `weights`).
    `divisible` is False for a cash target that is no whole number of basis points: then nothing can be moved.
    """

    codes: tuple[str, ...]
    policy: tuple[int, ...]
    weights: tuple[int, ...]
    locked: tuple[bool, ...]
    fixed: tuple[bool, ...]
    touched: tuple[int, tuple[int, ...]] | None = None
    divisible: bool = True

    @property
    def changed(self) -> bool:
        """Are the weights other than the policy's?"""
        return self.weights != self.policy

    @property
    def targets(self) -> dict[str, Decimal] | None:
        """The weights of the assets as a what-if, or None where they are the policy's own (which may be finer)."""
        if not self.changed:
            return None
        shown = zip(self.codes, self.weights, strict=True)
        return {code: rule.as_weight(points) for code, points in shown if code != CASH_ROW}

    def move(self, code: str, points: int) -> Allocation:
        """Set one weight; the others share the change. UsageError when locked rows leave no room."""
        row = self.codes.index(code)
        touched = self.touched if self.touched and self.touched[0] == row else (row, self.weights)
        locked = {other for other, shut in enumerate(self.locked) if shut}
        return self._with(rule.move(touched[1], locked, row, points), self.locked, touched)

    def lock(self, code: str, shut: bool) -> Allocation:
        """Lock or unlock one row."""
        row = self.codes.index(code)
        return self._with(self.weights, tuple(shut if i == row else old for i, old in enumerate(self.locked)), None)

    def edit(self, weights: object, locks: object) -> Allocation:
        """A whole list from a page. UsageError unless it is one of basis points that sum to 10,000."""
        fixed = [(row, self.policy[row]) for row, shut in enumerate(self.fixed) if shut]
        points = rule.checked(weights, len(self.codes), fixed)
        if not isinstance(locks, (list, tuple)) or len(locks) != len(self.codes):
            raise rule.bad_list(locks)
        return self._with(points, tuple(mark is True for mark in locks), None)

    def reset(self) -> Allocation:
        """The policy's own weights, nothing locked."""
        return replace(self, weights=self.policy, locked=self.fixed, touched=None)

    def resume(self, draft: Draft) -> Allocation:
        """The weights of a draft, if it was made on this policy and is whole; else unchanged."""
        if (draft.codes, draft.policy) != (self.codes, self.policy):
            return self
        try:
            return self.edit(draft.weights, draft.locked)
        except (UsageError, RuleError):
            return self

    def _with(
        self, weights: tuple[int, ...], locked: tuple[bool, ...], touched: tuple[int, tuple[int, ...]] | None
    ) -> Allocation:
        if weights != self.policy and not self.divisible:
            raise _indivisible()
        shut = tuple(mark or fixed for mark, fixed in zip(locked, self.fixed, strict=True))
        return replace(self, weights=weights, locked=shut, touched=touched)


def allocation_of(policy: Policy) -> Allocation:
    """The policy's own weights: a row per asset in file order, and one for its cash target if it has one."""
    cash = policy.rebalancing.cash.target
    codes = tuple(asset.code for asset in policy.assets) + ((CASH_ROW,) if cash else ())
    targets = [asset.target for asset in policy.assets] + ([cash] if cash else [])
    points = rule.in_basis_points(targets)
    fixed = tuple(code == CASH_ROW for code in codes)
    divisible = cash.scaleb(4) == int(cash.scaleb(4))
    return Allocation(codes, points, points, fixed, fixed, divisible=divisible)


def _indivisible() -> RuleError:
    return RuleError(
        "cash_target_too_fine",
        where=Text("weights", "비중"),
        wrong=Text("rebalancing.cash.target has more than four decimals, so the other weights cannot sum to 100.00%",
                   "rebalancing.cash.target이 소수 넷째 자리보다 잘아서 나머지 비중을 100.00%로 맞출 수 없습니다"),
        expected=Text("a cash target in hundredths of a percent such as 0.0325",
                      "0.0325처럼 0.01% 단위의 현금 목표"),
        fix=Text("round it in portfolio.yaml", "portfolio.yaml에서 반올림해 주세요"),
    )  # fmt: skip
