"""How a tax is rounded, as named rules: exact fractions come in, money comes out, once, at the end."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from rebalance_kit.money import ZERO, Rounding, minor_unit, round_fraction, split_exactly
from rebalance_kit.tax.rules import Reading


@dataclass(frozen=True, slots=True)
class TaxRounding:
    """Rounds an exact amount to a multiple of `unit`."""

    name: str
    unit: Decimal
    rounding: Rounding

    def __call__(self, amount: Fraction) -> Decimal:
        return round_fraction(amount, self.unit, self.rounding)


def withheld_rounding(reading: Reading) -> TaxRounding:
    """Tax withheld in Korea is cut to ten won (rule `kr_withholding_unit`, confidence low)."""
    return TaxRounding("withheld", reading.value("kr_withholding_unit"), Rounding.DOWN)


def estimate_rounding(currency: str) -> TaxRounding:
    """An estimate of a tax to be filed: to the nearest minor unit."""
    return TaxRounding("estimate", minor_unit(currency), Rounding.HALF_UP)


def share_out(total: Decimal, weights: dict[str, Fraction], unit: Decimal) -> dict[str, Decimal]:
    """A shared tax over what caused it: in proportion to `weights` (not negative), exactly adding up to `total`.

    A negative total (tax saved) is shared out the same way. Without any weight the first key bears it.
    """
    whole = sum(weights.values(), Fraction(0))
    if not weights or total == 0:
        return dict.fromkeys(weights, ZERO)
    if whole == 0:
        return {key: total if key == min(weights) else ZERO for key in weights}
    parts = {key: abs(Fraction(total)) * weight / whole for key, weight in weights.items()}
    shared = split_exactly(abs(total), parts, unit)
    return shared if total > 0 else {key: part.copy_negate() for key, part in shared.items()}
