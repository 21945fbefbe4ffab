"""When to rebalance, and how far: every rule with one signature, over arrays.

A strategy is asked after each month (or day): `trade(t, weights)`, with t = 1, 2, ... and `weights` of shape
(assets, paths), gives the weights after its trades; where it does not trade it gives back what it was given, exactly.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

Floats: TypeAlias = "NDArray[np.float64]"
BandKind = Literal["absolute", "relative", "smaller_of"]


class Strategy(Protocol):
    """A rule. `name` is its name in tables."""

    @property
    def name(self) -> str: ...

    def trade(self, t: int, weights: Floats) -> Floats:
        """The weights after the trades of period t."""


@dataclass(frozen=True, slots=True)
class BuyAndHold:
    """Nothing is ever traded."""

    name: str = "buy_and_hold"

    def trade(self, t: int, weights: Floats) -> Floats:  # noqa: ARG002  # the signature of every strategy
        return weights


@dataclass(frozen=True, slots=True)
class Calendar:
    """Everything to target every `period`-th time, the last one included."""

    targets: tuple[float, ...]
    period: int
    name: str = "calendar"

    def trade(self, t: int, weights: Floats) -> Floats:
        return weights if t % self.period else _all_to(self.targets, weights)


@dataclass(frozen=True, slots=True)
class Threshold:
    """Everything (or `fraction` of the way) to target where some asset is `threshold` or more away from it.

    `kind`: points of the portfolio, a share of the target, or the smaller of the two with 5 points and `threshold` of
    the target (the 5/25 rule is `smaller_of` with 0.25).
    """

    targets: tuple[float, ...]
    threshold: float
    kind: BandKind = "absolute"
    fraction: float = 1.0
    name: str = "threshold"

    def breached(self, weights: Floats) -> NDArray[np.bool_]:
        """Which paths breach, (paths,)."""
        target = np.array(self.targets)[:, None]
        relative = self.threshold * target
        limits = {"absolute": np.full_like(target, self.threshold), "relative": relative,
                  "smaller_of": np.minimum(0.05, relative)}  # fmt: skip
        off = np.abs(weights - target) >= limits[self.kind]
        return np.asarray(off.any(axis=0))

    def trade(self, t: int, weights: Floats) -> Floats:  # noqa: ARG002  # the signature of every strategy
        return _where(self.breached(weights), _part_of_the_way(self.targets, self.fraction, weights), weights)


Reading = Literal["scheduled_or_breach", "breach_or_max_interval", "scheduled_and_breach"]


class Hybrid:
    """The three readings of "hybrid": on the date or on a breach, on a breach or after `period` periods without a
    trade, and on the date only if there is a breach. It counts periods since the last trade of each path."""

    def __init__(self, reading: Reading, band: Threshold, period: int, name: str = "hybrid") -> None:
        self.name, self._reading, self._band, self._period = name, reading, band, period
        self._last: NDArray[np.int64] | None = None

    def trade(self, t: int, weights: Floats) -> Floats:
        if self._last is None or t == 1:
            self._last = np.zeros(weights.shape[1], dtype=np.int64)
        breached = self._band.breached(weights)
        dated = t % self._period == 0
        if self._reading == "scheduled_or_breach":
            acts = breached | dated
        elif self._reading == "scheduled_and_breach":
            acts = breached & dated
        else:
            acts = breached | (t - self._last > self._period)
        self._last[acts] = t
        return _where(acts, _part_of_the_way(self._band.targets, self._band.fraction, weights), weights)


@dataclass(frozen=True, slots=True)
class TwoAssetZone:
    """Nothing inside [lower, upper] of the first asset; outside, to the nearer edge. `step` rounds the weight before it
    is looked at (the report's policy is a table of tenths of a percent)."""

    lower: float
    upper: float
    step: float | None = None
    name: str = "no_trade_zone"

    def trade(self, t: int, weights: Floats) -> Floats:  # noqa: ARG002  # the signature of every strategy
        first = weights[0]
        looked = first if self.step is None else np.rint(first / self.step) * self.step
        low, high = looked < self.lower - 1e-12, looked > self.upper + 1e-12  # one that rounds to the edge stays
        edge = np.where(low, self.lower, self.upper)
        return _where(low | high, np.stack([edge, 1 - edge]), weights)


def _all_to(targets: Sequence[float], weights: Floats) -> Floats:
    return np.broadcast_to(np.array(targets)[:, None], weights.shape)


def _part_of_the_way(targets: Sequence[float], fraction: float, weights: Floats) -> Floats:
    whole = _all_to(targets, weights)
    return whole if fraction == 1 else weights + fraction * (whole - weights)


def _where(acts: NDArray[np.bool_], then: Floats, weights: Floats) -> Floats:
    return np.where(acts[None, :], then, weights)
