"""The same taxed problem as a mixed-integer programme for HiGHS, written apart from the planner: no costs, no minimum,
absolute deviation, lots in any order (or one lot a position), and the tax of the year as a choice among its regions."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

from rebalance_kit.planner.problem import Asset, Terms
from rebalance_kit.tax.schedule import AmericanYear, Piece

BIG = 1e6  # no sum of a year is larger
Region = tuple[float, float, float, list[tuple[float, float, float]]]  # rates, fixed, and a s + b l >= c


def regions(year: AmericanYear) -> list[Region]:
    """Where the netted tax is linear, in the sums of the whole year."""
    on_short, on_long, ordinary = float(year.short_rate), float(year.long_rate), float(year.ordinary_rate)
    most = float(year.loss_limit)
    return [
        (on_short, on_long, 0, [(1, 0, 0), (0, 1, 0)]),
        (on_long, on_long, 0, [(-1, 0, 0), (1, 1, 0)]),
        (on_short, on_short, 0, [(0, -1, 0), (1, 1, 0)]),
        (ordinary, ordinary, 0, [(-1, -1, 0), (1, 1, -most)]),
        (0, 0, -ordinary * most, [(-1, -1, most)]),
    ]


def least_cost(assets: list[Asset], terms: Terms) -> float:
    """The best objective that HiGHS finds, in money, the tax of the year before the plan's sales included."""
    import highspy

    start: Callable[[], Any] = highspy.Highs
    h = start()
    for option, value in {"output_flag": False, "mip_rel_gap": 0.0, "mip_abs_gap": 1e-6, "threads": 1}.items():
        h.setOptionValue(option, value)
    objective, spent = h.expr(), h.expr()
    sums = {name: h.expr() for name in ("gain", "income", "short", "long")}
    for asset in assets:
        price = float(asset.price)
        buys = h.addIntegral(lb=0, ub=float(10**6) if asset.may_buy else 0)
        sold = h.expr()
        untaxed = Piece("untaxed", Fraction(asset.held))
        for piece in asset.tax.pieces if asset.tax is not None else (untaxed,):
            lot = h.addIntegral(lb=0, ub=float(piece.shares) if asset.may_sell else 0)
            sold += lot
            objective += float(terms.tax_weight * piece.own) * lot
            for name in sums:
                sums[name] += float(getattr(piece, name)) * lot
        off = h.addVariable(lb=0)
        value = price * asset.held + price * buys - price * sold - float(asset.goal)
        h.addConstr(off >= value)
        h.addConstr(off >= -1 * value)
        spent += price * buys - price * sold
        objective += off
    h.addConstr(spent <= float(terms.available[terms.base_currency]))
    shared = terms.shared
    hinges = (
        [] if shared is None else [("gain", one) for one in shared.gain] + [("income", one) for one in shared.income]
    )
    for name, hinge in hinges:
        taxed = h.addVariable(lb=0)
        h.addConstr(taxed >= sums[name] - float(hinge.above))
        objective += float(terms.tax_weight * hinge.rate) * taxed
    if shared is not None and shared.american is not None:
        objective += float(terms.tax_weight) * _netting(h, shared.american, sums)
    h.minimize(objective)
    return float(h.getInfo().objective_function_value)


def _netting(h: Any, year: AmericanYear, sums: dict[str, Any]) -> Any:
    tax, chosen, short, long = h.expr(), h.expr(), h.expr(), h.expr()
    for on_short, on_long, fixed, limits in regions(year):
        here = h.addBinary()
        s, l = h.addVariable(lb=-BIG, ub=BIG), h.addVariable(lb=-BIG, ub=BIG)  # noqa: E741  # the letters of the law
        for part in (s, l):
            h.addConstr(part <= BIG * here)
            h.addConstr(part >= -BIG * here)
        for a, b, c in limits:
            h.addConstr(a * s + b * l - c * here >= 0)
        tax += on_short * s + on_long * l + fixed * here
        chosen, short, long = chosen + here, short + s, long + l
    h.addConstr(chosen == 1)
    h.addConstr(short == sums["short"] + float(year.short_before))
    h.addConstr(long == sums["long"] + float(year.long_before))
    return tax
