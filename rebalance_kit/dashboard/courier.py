"""Carries the desk's plans to the worker process and brings its answers back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rebalance_kit.errors import KitError

if TYPE_CHECKING:
    from rebalance_kit.execution.result import RunResult
    from rebalance_kit.planner.plan import Plan
    from rebalance_kit.portfolio import Portfolio


class WorkerCourier:
    """The real courier: a row in the queue beside the portfolio, which the worker reads and answers."""

    def propose(self, portfolio: Portfolio, plan: Plan) -> str:
        """Leave the proposal and return its id; the same plan twice is one proposal."""
        from rebalance_kit.portfolio.proposing import propose

        return propose(portfolio, plan, yes=plan.plan_id)

    def answer(self, portfolio: Portfolio, proposal: str) -> RunResult | KitError | None:
        """The worker's answer, None while there is none."""
        from rebalance_kit.execution.worker import poll

        return poll(portfolio.folder, proposal)
