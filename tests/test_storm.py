"""A seeded storm of crashes and broker faults on a virtual clock: nothing is sent twice, oversold, overspent or lost.

Long campaigns are run by hand: `python -m tests.benchmarks.storm`.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from tests.broken_engines import BROKEN, FOLLOWERS
from tests.storm import weather

CHUNKS, EACH = 20, 50  # of schedules for each way to rule an order out: 2,000 together
MODES = ("closure", "quiesce")


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_no_schedule_breaks_an_invariant(mode: str, chunk: int) -> None:
    schedules = [weather(seed, mode) for seed in range(chunk * EACH, (chunk + 1) * EACH)]
    assert [(done.seed, done.broken) for done in schedules if done.broken] == []
    assert sum(done.crashes for done in schedules) > EACH / 4
    assert sum(done.accepted for done in schedules) > EACH


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("chunk", range(4))
def test_orders_that_follow_the_market_break_nothing(mode: str, chunk: int) -> None:
    schedules = [weather(seed, mode, reprice=True) for seed in range(chunk * 40, (chunk + 1) * 40)]
    assert [(done.seed, done.broken) for done in schedules if done.broken] == []
    assert sum(done.repriced for done in schedules) > 20
    assert sum(done.crashes for done in schedules) > 10


@pytest.mark.parametrize("mode", MODES)
def test_a_crash_at_every_step_breaks_nothing(mode: str) -> None:
    steps, crashes = 1, 0
    while True:
        done = weather(7, mode, crash_at=steps)
        assert done.broken == [], f"crash at step {steps}"
        if not done.crashes:
            break
        crashes, steps = crashes + 1, steps + 1
    assert crashes > 60


@pytest.mark.parametrize("name", list(BROKEN))
def test_a_broken_engine_is_caught(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    BROKEN[name](monkeypatch)
    for seed in range(150):
        for mode in MODES:
            try:
                if weather(seed, mode).broken:
                    return
            except Exception:  # the database refuses what must never happen: caught, too
                return
    pytest.fail(f"an engine that {name.replace('_', ' ')} was not noticed")


@pytest.mark.parametrize("name", list(FOLLOWERS))
def test_an_engine_that_follows_the_market_wrongly_is_caught(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    FOLLOWERS[name](monkeypatch)
    assert any(_noticed(seed, mode) for seed in range(150) for mode in MODES)


def _noticed(seed: int, mode: str) -> bool:
    return bool(weather(seed, mode, reprice=True).broken)
