"""Client and engine at the local KIS in bad weather: no order twice, none lost, whatever the network does."""

from __future__ import annotations

from pathlib import Path

import pytest

from rebalance_kit.brokers.base import Answer, BrokerOrder, Reply
from rebalance_kit.brokers.kis.broker import KisBroker
from rebalance_kit.brokers.kis.rehearsal.world import Environment
from tests.kis_weather import in_bad_weather


@pytest.mark.parametrize(("environment", "seed"), [("real", n) for n in range(4)] + [("mock", n) for n in range(4, 6)])
def test_nothing_is_sent_twice_and_nothing_is_lost(tmp_path: Path, environment: Environment, seed: int) -> None:
    run, wrong = in_bad_weather(tmp_path, seed, environment)
    assert wrong == []
    assert any(call.faults for call in run.kis.calls), "the weather was bad"


def test_a_client_that_takes_silence_for_not_sent_is_caught(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The weather can tell: with the one mistake that matters most there are orders that nobody owns."""
    careful = KisBroker.place

    def careless(self: KisBroker, order: BrokerOrder) -> Reply:
        reply = careful(self, order)
        return reply if reply.answer is not Answer.UNKNOWN else Reply(Answer.NOT_SENT, reply.reason)

    monkeypatch.setattr(KisBroker, "place", careless)
    caught = []
    for seed in (7, 5, 6):
        (tmp_path / str(seed)).mkdir()
        caught += in_bad_weather(tmp_path / str(seed), seed)[1]
        if caught:
            break
    assert any("orders" in wrong or "nobody's" in wrong for wrong in caught)
