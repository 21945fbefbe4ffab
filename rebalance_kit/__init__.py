"""Where am I off target, what should I do about it, and what will it cost?

    import rebalance_kit as rk
    portfolio = rk.open_portfolio("portfolios/growth")
    portfolio.drift()
    plan = portfolio.plan(contribute=1_000_000)
    rk.chart(plan)

Names are loaded when they are first used, so that importing the package costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rebalance_kit import dashboard
    from rebalance_kit.drift import Drift
    from rebalance_kit.errors import KitError
    from rebalance_kit.planner.batch import plan_many
    from rebalance_kit.planner.plan import Plan
    from rebalance_kit.policy.model import Policy
    from rebalance_kit.portfolio import Portfolio, open_portfolio
    from rebalance_kit.report.chart import Chart, chart
    from rebalance_kit.research.simulate import simulate
    from rebalance_kit.research.zone_two import no_trade_zone
    from rebalance_kit.samples import write_sample
    from rebalance_kit.trigger import Decision

__all__ = [
    "Chart",
    "Decision",
    "Drift",
    "KitError",
    "Plan",
    "Policy",
    "Portfolio",
    "chart",
    "dashboard",
    "no_trade_zone",
    "open_portfolio",
    "plan_many",
    "simulate",
    "write_sample",
]

_ROOMS = {
    "Chart": "report.chart",
    "Decision": "trigger",
    "Drift": "drift",
    "KitError": "errors",
    "Plan": "planner.plan",
    "Policy": "policy.model",
    "Portfolio": "portfolio",
    "chart": "report.chart",
    "no_trade_zone": "research.zone_two",
    "open_portfolio": "portfolio",
    "plan_many": "planner.batch",
    "simulate": "research.simulate",
    "write_sample": "samples",
}


if not TYPE_CHECKING:  # so that a type checker still knows which names there are

    def __getattr__(name: str) -> object:
        """The public name `name`, from the room that owns it."""
        from importlib import import_module

        if name == "dashboard":
            return import_module(f"{__name__}.dashboard")
        if name not in _ROOMS:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module(f"{__name__}.{_ROOMS[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
