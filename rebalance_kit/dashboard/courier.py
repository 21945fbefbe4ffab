"""Carries the desk's plans to the worker process and brings its answers back."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from rebalance_kit.dashboard.launcher import Worker
from rebalance_kit.dashboard.session import ROOT_VARIABLE
from rebalance_kit.errors import KitError

if TYPE_CHECKING:
    from rebalance_kit.execution.result import RunResult
    from rebalance_kit.planner.plan import Plan
    from rebalance_kit.portfolio import Portfolio


class WorkerCourier:
    """The real courier: a row in the queue beside the portfolio, which the worker reads and answers.

    `rebalance dashboard` runs a worker. In a notebook nobody may: then the first proposal starts one, which ends with
    the notebook's kernel.
    """

    def __init__(self) -> None:
        self._own: Worker | None = None

    def propose(self, portfolio: Portfolio, plan: Plan) -> str:
        """Leave the proposal and return its id; the same plan twice is one proposal."""
        from rebalance_kit.execution.worker import worker_alive
        from rebalance_kit.portfolio.proposing import propose

        proposal = propose(portfolio, plan, yes=plan.plan_id)
        if ROOT_VARIABLE not in os.environ and not worker_alive(portfolio.folder):
            self._own = Worker(portfolio.folder.resolve())
        return proposal

    def answer(self, portfolio: Portfolio, proposal: str) -> RunResult | KitError | None:
        """The worker's answer, None while there is none."""
        from rebalance_kit.execution.worker import poll

        return poll(portfolio.folder, proposal)
