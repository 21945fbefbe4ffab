"""Where the portfolio stands: policy x holdings x prices -> weights, drifts and breaches (definitions 1 to 3).

    drift = current weight - target weight           positive is overweight

A breach is decided on products of exact amounts (|value - target x total| against threshold x total), never on a
divided weight: 60 -> 65 %, 40 -> 45 % and 30 -> 35 % all breach 5 %. The bands themselves are in `policy.bands`.
"""

from rebalance_kit.drift.judged import judged_drift
from rebalance_kit.drift.measure import measure_drift, with_bands
from rebalance_kit.drift.model import AssetDrift, CashBalance, Drift, GroupDrift
from rebalance_kit.drift.units import Units, units_of

__all__ = ["AssetDrift", "CashBalance", "Drift", "GroupDrift", "Units", "judged_drift", "measure_drift", "units_of",
           "with_bands"]  # fmt: skip
