"""Returns that did not happen: normal, fat-tailed, and blocks of real history; in blocks of paths, from one seed.

Each generator gives growth factors of shape (periods, assets, paths): what a unit of money becomes in each period.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

Floats: TypeAlias = "NDArray[np.float64]"
BLOCK = 4_000  # paths at a time: their state stays in the cache, and memory does not grow with their number

Draw = Callable[[np.random.Generator, int, int], Floats]


@dataclass(frozen=True, slots=True)
class Normal:
    """Log returns of a multivariate normal distribution: `mean` (assets,) and `covariance` (assets, assets) of a
    period. `antithetic`: the second half of a block mirrors the first, which keeps means exact."""

    mean: Floats
    covariance: Floats
    antithetic: bool = True

    def draw(self, generator: np.random.Generator, periods: int, paths: int) -> Floats:
        root = _root(self.covariance)
        half = (paths + 1) // 2 if self.antithetic else paths
        shocks = np.einsum("ij,tjp->tip", root, generator.standard_normal((periods, len(self.mean), half)))
        if self.antithetic:
            shocks = np.concatenate([shocks, -shocks], axis=2)[:, :, :paths]
        return np.asarray(np.exp(shocks + self.mean[None, :, None]))


@dataclass(frozen=True, slots=True)
class FatTails:
    """The same with a multivariate Student distribution of `degrees` of freedom (above 2), scaled to the covariance."""

    mean: Floats
    covariance: Floats
    degrees: float = 5.0

    def draw(self, generator: np.random.Generator, periods: int, paths: int) -> Floats:
        if self.degrees <= 2:
            raise ValueError(f"{self.degrees} degrees of freedom have no variance: more than 2 are needed")
        shocks = np.einsum("ij,tjp->tip", _root(self.covariance),
                           generator.standard_normal((periods, len(self.mean), paths)))  # fmt: skip
        size = np.sqrt((self.degrees - 2) / generator.chisquare(self.degrees, (periods, 1, paths)))
        return np.asarray(np.exp(shocks * size + self.mean[None, :, None]))


@dataclass(frozen=True, slots=True)
class History:
    """Blocks of `length` periods of real growth factors `growth` (periods, assets), drawn with replacement and joined
    (circular block bootstrap; Politis and Romano 1992): assets keep what they did together and for how long."""

    growth: Floats
    length: int = 12

    def draw(self, generator: np.random.Generator, periods: int, paths: int) -> Floats:
        there = len(self.growth)
        if not 1 <= self.length <= there:
            raise ValueError(f"blocks of {self.length} periods cannot be drawn from {there}")
        blocks = -(-periods // self.length)
        starts = generator.integers(0, there, (blocks, 1, paths))
        places = (starts + np.arange(self.length)[None, :, None]) % there
        chosen = self.growth[places.reshape(-1, paths)[:periods]]
        return np.ascontiguousarray(np.moveaxis(chosen, 2, 1))


Scenario = Normal | FatTails | History


def blocks(scenario: Scenario, periods: int, paths: int, seed: int, block: int = BLOCK) -> Iterator[Floats]:
    """The growth factors of all paths, block by block. The same seed and block size give the same paths, however many
    of them are asked for."""
    seeds = np.random.SeedSequence(seed).spawn(-(-paths // block))
    for i, own in enumerate(seeds):
        yield scenario.draw(np.random.default_rng(own), periods, min(block, paths - i * block))


def _root(covariance: Floats) -> Floats:
    """A square root that also takes covariances of rank below full; ValueError for one that is none."""
    values, vectors = np.linalg.eigh(covariance)
    if values.min() < -1e-12 * max(1e-300, values.max()):
        raise ValueError("a covariance has no negative eigenvalue")
    return np.asarray(vectors * np.sqrt(np.maximum(values, 0)))
