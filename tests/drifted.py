"""Portfolios of any size that drifted from equal weights, for the planner's tests and measurements."""

from __future__ import annotations

from fractions import Fraction
from random import Random

from rebalance_kit.planner.problem import Asset, Problem, Terms, state

UNITS = {"KRW": Fraction(1), "USD": Fraction(1, 100)}


def drifted(seed: int, number: int, total: int, *, cash: int = 0, least: int = 100_000) -> tuple[list[Asset], Terms]:
    """`number` assets in won at 5,000 to 120,000 a share (in steps of 5), each at 60 to 140 % of an equal share of
    about `total`; commission 1.5 bp, slippage 10 bp, minimum trade `least`; `cash` is what may be spent besides."""
    mix = Random(seed)
    prices = [5 * mix.randint(1_000, 24_000) for _ in range(number)]
    held = [total * mix.randint(60, 140) // 100 // number // price for price in prices]
    worth = sum(count * price for count, price in zip(held, prices, strict=True))
    goal = Fraction(worth, number)
    assets = [
        Asset(f"{i:06d}", "KRW", count, Fraction(0), Fraction(price), Fraction(1), goal, _rate("1.5"), _rate("10"))
        for i, (price, count) in enumerate(zip(prices, held, strict=True))
    ]
    return assets, Terms("KRW", UNITS, {"KRW": Fraction(cash)}, Fraction(worth), Fraction(least))


def drifted_problem(seed: int, number: int, total: int) -> Problem:
    """The problem of such a portfolio."""
    assets, terms = drifted(seed, number, total)
    return state(tuple(assets), terms)


def _rate(basis_points: str) -> Fraction:
    return Fraction(basis_points) / 10_000
