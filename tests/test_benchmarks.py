"""The benchmarks still run: small files, no clock judged."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.benchmarks import bench_start, planner
from tests.benchmarks.bench_loading import closes, load, positions


@pytest.mark.parametrize("written_by_a_broker", [False, True])
def test_positions_load_in_a_process_of_their_own(tmp_path: Path, written_by_a_broker: bool) -> None:
    path = positions(tmp_path / "positions.csv", 20, 5, written_by_a_broker=written_by_a_broker)
    done = load("positions", path)
    assert (done.rows, done.accounts) == (20 * 6, 20)
    assert 0 < done.reading < done.process
    assert done.megabytes > 0


def test_closes_load_in_a_process_of_their_own(tmp_path: Path) -> None:
    assert load("prices", closes(tmp_path / "prices.csv", 30)).rows == 150


def test_a_command_is_measured_against_importing_pandas() -> None:
    measured = bench_start.ratios(bench_start.COMMANDS["drift"], runs=1)
    assert len(measured) == 1
    assert all(own > 0 and ratio > 0 for own, ratio in measured)


def test_the_planner_is_measured_against_highs_and_by_size(capsys: pytest.CaptureFixture[str]) -> None:
    assert planner.main(["--quick"]) == 0
    told = capsys.readouterr().out
    assert "proved 1/1" in told
    assert "accounts a second" in told
