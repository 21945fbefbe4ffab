"""Random households: tiny ones with the plan that is best among all (every count is tried), and larger ones."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import product
from math import prod
from random import Random

from rebalance_kit.planner.household_figures import state_household
from rebalance_kit.planner.household_problem import Holding, Household, RiskCap, Shared, Whole
from rebalance_kit.planner.household_state import Score, State
from rebalance_kit.planner.problem import Asset
from rebalance_kit.tax.schedule import Hinge, Piece, SharedTax, TaxSchedule

THOUSAND = Fraction(1000)
TRIED = 2_500  # plans that are looked at in one case


def tiny_household(seed: int, *, exact_costs: bool = False, taxed: bool = False) -> Household | None:
    """Two accounts and two or three assets, with everything that may bind; None for one that is worth nothing.

    `exact_costs`: won only, and no cost is rounded, so that a mixed-integer programme sees the same objective.
    """
    pick = Random(seed)
    codes = ["X", "Y", "Z"][: pick.choice([2, 2, 3])]
    foreign = codes[-1] if not exact_costs and pick.random() < 0.3 else None
    currency = {code: "USD" if code == foreign else "KRW" for code in codes}
    price = {code: THOUSAND * pick.choice([1, 2, 3, 5, 7, 10, 13]) for code in codes}
    if foreign is not None:
        price[foreign] = Fraction(pick.choice([101, 250, 777]), 100)
    rates = {"KRW": Fraction(1), "USD": Fraction(1391)}
    mode = pick.choice(["both", "both", "buy", "sell"])
    fees = pick.choice([Fraction(0), Fraction(1, 100)]), pick.choice([Fraction(0), Fraction(1, 200)])
    cash: dict[tuple[str, str], Fraction] = {}
    held: dict[tuple[str, str], int] = {}
    parts = []
    for account in ("a", "b"):
        cash[account, "KRW"] = THOUSAND * pick.choice([0, 3, 8, 20, 0 if mode == "buy" else -4])
        if foreign is not None:
            cash[account, "USD"] = Fraction(pick.choice([0, 5]))
        for code in codes:
            held[account, code] = pick.choice([0, 1, 2, 3, 4])
            asset = Asset(
                code, currency[code], held[account, code], Fraction(0), price[code], rates[currency[code]], Fraction(0),
                *fees,
                may_buy=mode != "sell" and pick.random() < 0.85,
                may_sell=mode != "buy" and pick.random() < 0.9,
                tax=_lots(pick, account, code, held[account, code]) if taxed else None,
            )  # fmt: skip
            parts.append(Holding(account, asset, risk=code != "Y", drag=pick.choice([Fraction(0), Fraction(1, 50)])))
    worth = {key: count * price[key[1]] * rates[currency[key[1]]] for key, count in held.items()}
    money = {key: amount * rates[key[1]] for key, amount in cash.items()}
    total = sum(worth.values(), Fraction(0)) + sum(money.values(), Fraction(0))
    if total <= 0:
        return None
    unit = {code: "both" if pick.random() < 0.3 and code != "Z" else code for code in codes}
    weights = [pick.choice([0, 1, 2, 3]) for _ in codes]
    goals: dict[str, Fraction] = {}
    for code, weight in zip(codes, weights, strict=True):
        goals[unit[code]] = goals.get(unit[code], Fraction(0)) + total * Fraction(weight, sum(weights) or 1)
    wholes = [
        Whole(
            code, unit[code], total / 5 if pick.random() < 0.15 else None, total / 2 if pick.random() < 0.15 else None
        )
        for code in codes
    ]
    there = sum((w for (a, _), w in worth.items() if a == "b"), money["b", "KRW"] + money.get(("b", "USD"), 0))
    risk = sum((w for (a, code), w in worth.items() if a == "b" and code != "Y"), Fraction(0))
    spread = pick.choice([None, Fraction(0), Fraction(1, 100)]) if foreign is not None else None
    terms = Shared(
        base_currency="KRW",
        units={"KRW": Fraction(1)} if foreign is None else {"KRW": Fraction(1), "USD": Fraction(1, 100)},
        available=cash,
        goals=goals,
        total=total,
        minimum=Fraction(pick.choice([0, 0, 6_000])),
        squared=pick.random() < 0.3,
        cash_price=pick.choice([Fraction(0), Fraction(1, 10)]),
        order_price=Fraction(pick.choice([0, 0, 100])),
        max_orders=pick.choice([None, None, None, 2]),
        max_turnover=pick.choice([None, None, None, total / 3]),
        caps=(RiskCap("b", there, risk),) if pick.random() < 0.4 else (),
        spreads={} if spread is None else dict.fromkeys(pick.choice(["ab", "a"]), spread),
        rates=rates if foreign is not None else {},
        tax=_year(pick) if taxed else None,
        tax_weight=Fraction(pick.choice([1, 2])) if taxed else Fraction(0),
    )
    return state_household(parts, wholes, terms)


def _lots(pick: Random, account: str, code: str, held: int) -> TaxSchedule:
    """Up to two lots, some shares of no known cost beyond them."""
    pieces = [
        Piece(f"{number}", Fraction(shares), own=Fraction(pick.choice([0, 0, 154])),
              gain=Fraction(pick.choice([-300, 0, 900])), income=Fraction(pick.choice([0, 500])))
        for number, shares in enumerate((held // 2, held - held // 2 - pick.choice([0, 0, 1])))
        if shares > 0
    ]  # fmt: skip
    return TaxSchedule(account, code, tuple(pieces), any_order=pick.random() < 0.3)


def _year(pick: Random) -> SharedTax:
    gain = (Hinge(Fraction(22, 100), Fraction(pick.choice([-500, 0, 1_000]))),)
    income = (Hinge(Fraction(1, 10), Fraction(pick.choice([0, 600]))),) if pick.random() < 0.5 else ()
    return SharedTax(gain=gain, income=income)


def size(problem: Household) -> int:
    """How many plans there are."""
    return prod(len(list(_counts(problem, i))) for i in range(len(problem.places)))


def best_score(problem: Household) -> Score | None:
    """The score of the best of all plans; None when none keeps everything."""
    choices = [list(_counts(problem, i)) for i in range(len(problem.places))]
    state = State(problem, [own[0] for own in choices])
    best: Score | None = None
    for counts in product(*choices):
        changed = [(i, count) for i, count in enumerate(counts) if state.counts[i] != count]
        state.put(changed)
        if not state.score.broken and (best is None or state.score < best):
            best = state.score
    return best


def _counts(problem: Household, place: int) -> Iterator[int]:
    found = {n for low, high in problem.places[place].segments for n in range(low, high + 1)}
    return iter(sorted(found))


def wealthy(
    seed: int, classes: int = 10, tickers: int = 3, *, squared: bool = False
) -> tuple[list[Holding], list[Whole], Shared]:
    """Three accounts worth 99 million won, `tickers` funds for each of `classes`, some of them not for each account."""
    pick = Random(seed)
    weights = [pick.random() + 0.2 for _ in range(classes)]
    codes = [(k, f"K{k:02d}{j}") for k in range(classes) for j in range(tickers)]
    price = {code: Fraction(pick.randrange(1_000, 12_000) * 5) for _, code in codes}
    parts, cash, total = [], {}, Fraction(0)
    for account in ("irp", "isa", "main"):
        left = Fraction(33_000_000)
        for k, code in codes:
            count = int(pick.random() * 33_000_000 * 2 / len(codes) / price[code]) if pick.random() < 0.6 else 0
            count = min(count, int(left / price[code]))
            left -= count * price[code]
            if count or pick.random() < 0.8:
                costs = Fraction(15, 100_000), Fraction(1, 1_000)
                asset = Asset(code, "KRW", count, Fraction(0), price[code], Fraction(1), Fraction(0), *costs)
                parts.append(Holding(account, asset, risk=k % 2 == 0, drag=Fraction(pick.randrange(0, 30), 10_000)))
        cash[account, "KRW"], total = left, total + 33_000_000
    present = {one.asset.code for one in parts}
    wholes = [Whole(code, f"class {k}") for k, code in codes if code in present]
    goals = {
        f"class {k}": total * Fraction(round(weight / sum(weights) * 9_900), 10_000) for k, weight in enumerate(weights)
    }
    named = {whole.unit for whole in wholes}
    return parts, wholes, Shared("KRW", {"KRW": Fraction(1)}, cash, {u: g for u, g in goals.items() if u in named},
                                 total, squared=squared)  # fmt: skip
