"""The probe at the local KIS: what it measures is what the double was told to do."""

from __future__ import annotations

import os
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from rebalance_kit.brokers.base import Mode
from rebalance_kit.brokers.kis import probe
from rebalance_kit.brokers.kis.broker import Surroundings, open_client
from rebalance_kit.brokers.kis.probing import Measured, Probe
from rebalance_kit.brokers.kis.rehearsal.start import Opening, Rehearsal, start
from rebalance_kit.brokers.kis.settings import read_settings
from rebalance_kit.errors import UsageError


def probe_of(kis: Rehearsal, folder: Path, env: str = "mock", orders: int = 3) -> Probe:
    clock = kis.clock
    settings = read_settings(kis.settings("mock" if env == "mock" else "real"), Mode(env), keyring=lambda _: None)
    around = Surroundings(folder, clock.now, lambda: clock.now().timestamp(), clock.sleep)
    return Probe(open_client(settings, around), around.monotonic, around.sleep, orders=orders)


def measured(kis: Rehearsal, folder: Path, **options: Any) -> dict[str, Measured]:
    return {found.name: found for found in probe_of(kis, folder, **options).run()}


def test_every_assumption_is_measured_and_nothing_stays_open(tmp_path: Path) -> None:
    with start(opening=Opening(Decimal(5_000_000)), at="2026-04-01 10:00") as kis:
        kis.phone_order("mock", "069500", "BUY", 1, "40000")
        found = measured(kis, tmp_path)
        assert [name for name, one in found.items() if one.holds is not True] == ["A5"]
        assert "OpenAPI/address" in found["A1"].figures
        assert "p50 3." in found["A2"].figures  # the delay of the double's list
        assert "throttled" in found["A4"].figures
        assert all(order.remaining == 0 for order in kis.orders("mock"))
        kis.clock.set("2026-04-01 16:00")
        after = probe_of(kis, tmp_path).a5()
        assert (after.holds, "0 after the close" in after.figures) == (True, True)


def test_a_total_that_counts_something_else_is_said(tmp_path: Path) -> None:
    fault = {"fault": "set", "on": "inquire-daily-ccld", "path": "output2.tot_ord_qty", "value": "1", "from": 1}
    with start(opening=Opening(Decimal(5_000_000)), at="2026-04-01 10:00", faults=[fault]) as kis:
        found = measured(kis, tmp_path)["A6"]
        assert found.holds is False
        assert "stated 1 on" in found.figures


def test_orders_that_never_show_are_said(tmp_path: Path) -> None:
    with start(opening=Opening(Decimal(5_000_000)), at="2026-04-01 10:00") as kis:
        kis.world.habits["mock"].lag = 10_000.0
        assert measured(kis, tmp_path, orders=1)["A2"].holds is None


def test_it_is_for_mock_accounts_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with start(at="2026-04-01 10:00") as kis:
        with pytest.raises(UsageError, match="mock account"):
            list(probe_of(kis, tmp_path, "real").run())
        for name, value in kis.settings("real").items():
            monkeypatch.setenv(name, value)
        assert probe.main([]) == 2
        assert kis.orders("real") == []


def test_the_command_prints_a_line_for_each(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setenv("KIS_CALLS_PER_SECOND", "100")
    monkeypatch.setattr("rebalance_kit.brokers.kis.probing.LOOK_FOR", 1.0)
    with start(opening=Opening(Decimal(5_000_000)), at="2026-04-01 10:00", speed=60.0) as kis:
        for name, value in kis.settings("mock").items():
            monkeypatch.setenv(name, value)
        probe.main(["--orders", "1"])
    lines = capsys.readouterr().out.splitlines()
    assert sorted(line.split()[0] for line in lines) == [*(f"A{n}" for n in range(1, 9)), "account"]
    assert os.environ["KIS_APP_SECRET"] not in "".join(lines)
