"""From goals of many accounts to the arrays that are solved: what `stating` and `problem.state` say of one account."""

from __future__ import annotations

from fractions import Fraction
from math import gcd

import numpy as np

from rebalance_kit.costs import cost_rates
from rebalance_kit.planner.arrays import THOUSANDTHS, Fee, Floats, Rows
from rebalance_kit.planner.batch_goals import Bools, Part, Whole, weights
from rebalance_kit.planner.batch_input import Accounts, Ints, exact
from rebalance_kit.policy.model import Asset
from rebalance_kit.policy.placing import may_hold


def planned_assets(accounts: Accounts) -> list[Asset]:
    """The policy's assets by code: nothing else is traded."""
    return sorted(accounts.policy.assets, key=lambda asset: asset.code)


def minimum_of(accounts: Accounts, totals: Ints) -> Part:
    """The smallest order (A, 1) in minor units: the larger of the amount and the share of the total."""
    limits = accounts.policy.rebalancing.constraints
    amount = Fraction(limits.min_trade_amount) / Fraction(accounts.unit)
    both = weights([amount, Fraction(limits.min_trade_share)])
    if not both.above[1]:
        return Part(both.above[:1, None], np.array([[both.below]]))
    share = exact(totals, int(totals.max()) * int(both.above[1])) * int(both.above[1])
    return Part(np.maximum(share, int(both.above[0]))[:, None], np.array([[both.below]]))


def rows_of_accounts(accounts: Accounts, goals: Floats, totals: Ints, resting: Bools, *, no_sell: bool) -> Rows:
    """The problem of every account. `totals` are what is invested (A,), flows included; `goals` (minor units, cut to
    thousandths) and `resting` (within the deadband) are (A, N) of `accounts.codes`."""
    assets, policy = planned_assets(accounts), accounts.policy
    columns = [accounts.codes.index(asset.code) for asset in assets]
    held, price = accounts.quantities[:, columns], accounts.price_ticks[columns][None, :]
    buys, sells = _permitted(accounts, assets, resting[:, columns], no_sell=no_sell)
    available = (accounts.cash + accounts.flow - _stays(accounts)) * accounts.ticks
    least = _least(accounts, minimum_of(accounts, totals), price)
    raised = available + np.where(sells, held * price, 0).sum(axis=1)
    most = raised[:, None] // price - np.where(sells, held, 0)
    can_buy, can_sell = buys & (most >= least), sells & (held > 0)
    edges = [(asset.min, asset.max) for asset in assets]
    rates = [cost_rates(policy, asset.code) for asset in assets]
    prices = [Fraction(accounts.prices[column] / accounts.unit) for column in columns]
    settings = policy.rebalancing
    return Rows(
        held=_floats(held),
        price=_floats(price),
        kept=np.zeros((1, len(assets))),
        sold_from=_floats(np.where(can_sell, 0, held)),
        sold_to=_floats(np.where(can_sell, np.maximum(0, held - least), held)),
        bought_from=_floats(np.where(can_buy, held + least, held)),
        bought_to=_floats(np.where(can_buy, held + most, held)),
        goal=goals[:, columns],
        floor=_edge(totals, [Fraction(low or 0) for low, _ in edges]),
        ceiling=np.where(
            [high is None for _, high in edges], np.inf, _edge(totals, [Fraction(high or 0) for _, high in edges])
        ),
        commission=_fee([price * Fraction(rate.commission) for price, rate in zip(prices, rates, strict=True)]),
        slippage=_fee([price * Fraction(rate.slippage) for price, rate in zip(prices, rates, strict=True)]),
        cost=np.array([[float(Fraction(rate.commission) + Fraction(rate.slippage)) for rate in rates]]),
        budget=_floats(available),
        total=np.maximum(1.0, _floats(totals)),
        ticks=float(accounts.ticks),
        rate=1.0,
        squared=settings.deviation == "squared",
        cash_price=float(settings.cash_price),
        order_price=float(Fraction(settings.order_price) / Fraction(accounts.unit)),
    )


def _permitted(accounts: Accounts, assets: list[Asset], resting: Bools, *, no_sell: bool) -> tuple[Bools, Bools]:
    """Which assets (A, N) may be bought, and sold."""
    flow = accounts.flow[:, None]
    rests = resting & (flow == 0)
    allowed = [not asset.never_buy and may_hold(accounts.policy, asset, accounts.account) for asset in assets]
    buys = np.array(allowed) & (flow >= 0) & ~rests
    sells = np.array([not asset.never_sell for asset in assets]) & (flow <= 0) & ~rests & (not no_sell)
    return buys, sells


def _stays(accounts: Accounts) -> int:
    """Cash that stays, in minor units rounded up."""
    rule = accounts.policy.accounts.get(accounts.account)
    stays = max(accounts.policy.rebalancing.cash.buffer, rule.cash_buffer if rule else accounts.unit * 0)
    return -int(-(Fraction(stays) / Fraction(accounts.unit)) // 1)


def _least(accounts: Accounts, minimum: Part, price: Ints) -> Ints:
    """The fewest shares of an order."""
    amount = exact(minimum.above, int(minimum.above.max()) * accounts.ticks) * accounts.ticks
    return np.asarray(np.maximum(1, -(-amount // (price * minimum.below))).astype(np.int64))


def cut(part: Part) -> Floats:
    """Minor units, cut to thousandths."""
    whole, rest = part.above // part.below, part.above % part.below
    return np.asarray((whole * THOUSANDTHS + rest * THOUSANDTHS // part.below) / THOUSANDTHS, dtype=np.float64)


def _edge(totals: Ints, shares: list[Fraction]) -> Floats:
    wanted = weights(shares)
    above: Whole = exact(totals, int(totals.max()) * wanted.below)[:, None] * wanted.above
    return cut(Part(above, np.array([[wanted.below]])))


def _fee(by_share: list[Fraction]) -> Fee:
    """Minor units for a share, as fractions in lowest terms."""
    pairs = [(number.numerator // gcd(*number.as_integer_ratio()), number.denominator) for number in by_share]
    return Fee(*(np.array([[float(pair[place]) for pair in pairs]]) for place in (0, 1)))


def _floats(numbers: Whole) -> Floats:
    return np.asarray(numbers, dtype=np.float64)
