"""Power cuts: a disk that drops what was not synced loses no order, and a weaker setting does.

Long campaigns are run by hand: `python -m tests.benchmarks.power`.
"""

from __future__ import annotations

import itertools
import logging
from collections.abc import Iterator

import pytest

from rebalance_kit.errors import StorageError
from tests.storm import Schedule, weather

apsw = pytest.importorskip("apsw")
_names = itertools.count()


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def in_the_dark(seed: int, mode: str, synchronous: str | None = None) -> tuple[Schedule, int]:
    """A seed of the storm in which every crash is a power cut; the schedule and the syncs."""
    from tests.power import PowerDisk, powered

    name = f"power{next(_names)}"
    disk = PowerDisk(name)
    with powered(disk, name, synchronous):
        return weather(seed, mode, on_crash=disk.cut), disk.syncs


@pytest.mark.parametrize("mode", ["closure", "quiesce"])
@pytest.mark.parametrize("chunk", range(5))
def test_a_power_cut_loses_nothing(mode: str, chunk: int) -> None:
    found = [in_the_dark(seed, mode) for seed in range(chunk * 30, chunk * 30 + 30)]
    assert [(done.seed, done.broken) for done, _ in found if done.broken] == []
    assert sum(done.crashes for done, _ in found) > 10
    assert all(syncs for _, syncs in found)


def breaks(seed: int, synchronous: str) -> bool:
    """Whether the journal of a weaker setting lost something: noticed by its anchor, or an invariant broken."""
    try:
        return bool(in_the_dark(seed, "quiesce", synchronous)[0].broken)
    except StorageError:
        return True


def test_a_weaker_setting_is_noticed_or_loses_orders() -> None:
    """The control: with `synchronous=NORMAL` the same power cuts break the journal."""
    assert sum(breaks(seed, "NORMAL") for seed in range(30)) > 5


def test_the_disk_keeps_what_was_synced_and_tears_what_was_not() -> None:
    import random

    from tests.power import _File

    file = _File()
    file.write(b"a" * 2048, 0)
    file.sync()
    file.write(b"b" * 2048, 0)
    seen = {bytes(file.after_a_cut(random.Random(seed)).now) for seed in range(50)}
    assert {b"a" * 2048} < seen | {b"a" * 2048}
    assert any(b"a" in one and b"b" in one for one in seen)
    assert all(set(one) <= set(b"ab") for one in seen)
