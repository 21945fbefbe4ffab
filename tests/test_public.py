"""`import rebalance_kit as rk`: every public name is there, and costs nothing before it is used."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import rebalance_kit as rk

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize("name", rk.__all__)
def test_a_public_name_is_there_and_documented(name: str) -> None:
    assert getattr(rk, name).__doc__
    assert name in dir(rk)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        rk.nonsense  # type: ignore[attr-defined]  # noqa: B018  # that it is not there is the test


def test_importing_the_package_loads_no_room() -> None:
    script = "import sys, rebalance_kit; print(*(name for name in sys.modules if name.startswith('rebalance_kit.')))"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, encoding="utf-8", check=True)
    assert done.stdout.split() == []


def test_the_main_job_in_five_lines() -> None:
    portfolio = rk.open_portfolio(ROOT / "portfolios" / "growth", on="2026-04-01")
    assert isinstance(portfolio.drift(), rk.Drift)
    assert portfolio.decide().rebalance
    plan = portfolio.plan(contribute=1_000_000)
    assert plan.certificate.valid
    assert rk.chart(plan).svg.startswith("<svg ")
    assert portfolio.to_dict()["total_value"] == "11000000"
