"""Which lots to name where the law lets a person choose (United States, `lot_method: specific`).

For fixed marginal rates the cheapest lots of each sale are those with the least tax per share. The rates themselves
depend on what is sold (short against long, a loss against other income), so several are tried: those of the regimes of
the netting matrix, and those at every choice found, until nothing new comes. The least tax by the true rules wins.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from fractions import Fraction
from typing import TypeVar

from rebalance_kit.tax.schedule import AmericanYear, Piece, SharedTax, Sums, TaxSchedule, total

Rates = tuple[Fraction, Fraction, Fraction]
Lots = tuple[tuple[str, Fraction], ...]
Key = TypeVar("Key", bound=Hashable)

_TRIES = 12
_NO_RATES: Rates = (Fraction(0), Fraction(0), Fraction(0))


def choose_lots(
    schedules: Mapping[Key, TaxSchedule], shares: Mapping[Key, Fraction], shared: SharedTax
) -> dict[Key, Lots]:
    """The lots of each sale that owe least together: (lot id, shares). Schedules without `any_order` keep theirs."""
    sold = {key: wanted for key, wanted in shares.items() if wanted > 0 and key in schedules}
    best = _in_order(schedules, sold)
    if not any(schedules[key].any_order for key in sold):
        return best
    year = shared.american
    if year is None:  # nothing is shared: each sale for itself
        return {key: _cheapest(schedules[key], wanted, _NO_RATES) for key, wanted in sold.items()}
    least, open_rates, seen = _tax(schedules, best, shared), _regimes(year), set[Rates]()
    while open_rates and len(seen) < _TRIES:
        rates = open_rates.pop(0)
        if rates in seen:
            continue
        seen.add(rates)
        found = {key: _cheapest(schedules[key], wanted, rates) for key, wanted in sold.items()}
        open_rates.append(year.slopes(_sums(schedules, found)))
        tax = _tax(schedules, found, shared)
        if tax < least:
            best, least = found, tax
    return best


def _in_order(schedules: Mapping[Key, TaxSchedule], sold: Mapping[Key, Fraction]) -> dict[Key, Lots]:
    return {key: schedules[key].lots(wanted) for key, wanted in sold.items()}


def _regimes(year: AmericanYear) -> list[Rates]:
    """The marginal rates that the netting matrix can have: each term for itself, one term alone, a loss, nothing."""
    short, long, ordinary, special = year.short_rate, year.long_rate, year.ordinary_rate, year.collectible_rate
    return [
        (short, long, special),
        (ordinary, ordinary, ordinary),
        (short, short, short),
        (long, long, special),
        _NO_RATES,
    ]


def _cheapest(schedule: TaxSchedule, wanted: Fraction, rates: Rates) -> Lots:
    if not schedule.any_order:
        return schedule.lots(wanted)
    ordered = sorted(schedule.pieces, key=lambda piece: _per_share(piece, rates))
    return TaxSchedule(schedule.account, schedule.code, tuple(ordered)).lots(wanted)


def _per_share(piece: Piece, rates: Rates) -> Fraction:
    short, long, special = rates
    plain = piece.long - piece.collectible
    return piece.own + short * piece.short + long * plain + special * piece.collectible


def _sums(schedules: Mapping[Key, TaxSchedule], chosen: Mapping[Key, Lots]) -> Sums:
    parts: Iterable[Sums] = (schedules[key].named(lots) for key, lots in chosen.items())
    return total(parts)


def _tax(schedules: Mapping[Key, TaxSchedule], chosen: Mapping[Key, Lots], shared: SharedTax) -> Fraction:
    sums = _sums(schedules, chosen)
    # A loss that the plan may not count is still worth more later than now, so that the savings of the year decide.
    return sums.own + SharedTax(shared.gain, shared.income, shared.american).added(sums)
