"""The lab at the command line."""

from __future__ import annotations

import pytest
from rich.cells import cell_len

from rebalance_kit.research.report_table import PRINTED
from tests.folders import rebalance

ROW = {
    "strategy", "rebalances", "trading_cost_pct", "tracking_cost_pct", "total_cost_pct", "sharpe", "return_pct",
    "printed",
}  # fmt: skip


def test_the_table_as_json_has_the_agreed_keys_and_says_the_same_again() -> None:
    found = rebalance("research", "table", "--paths", "2000", "--seed", "5", "--json").document
    assert {"parameters", "paths", "rows", "end_weight_buy_and_hold_pct"} <= found.keys()
    assert [row["strategy"] for row in found["rows"]] == list(PRINTED)
    assert all(row.keys() >= ROW for row in found["rows"])
    assert found == rebalance("research", "table", "--paths", "2000", "--seed", "5", "--json").document
    assert found != rebalance("research", "table", "--paths", "2000", "--seed", "6", "--json").document


@pytest.mark.parametrize("language", ["en", "ko"])
def test_the_table_fits_eighty_columns_with_what_is_printed_beside_it(language: str) -> None:
    out = rebalance("research", "table", "--paths", "2000", "--language", language).out
    assert max(map(cell_len, out.splitlines())) <= 80
    assert "…" not in out
    assert out.count("/0.206") == 4  # the report's most frequent Sharpe ratio


def test_other_parameters_change_the_table_and_claim_no_print() -> None:
    found = rebalance("research", "table", "--paths", "1000", "--cost", "0", "--json").document
    assert all((row["trading_cost_pct"], row["printed"]) == (0, None) for row in found["rows"])


def test_the_zone_of_the_report() -> None:
    found = rebalance("research", "zone", "--json").document
    assert (found["lower_pct"], found["target_pct"], found["upper_pct"]) == (59.3, 66.3, 72.1)
    assert found["bellman_residual"] < 1e-12
    assert "59.3 %" in rebalance("research", "zone").out


def test_a_dearer_market_has_a_wider_zone() -> None:
    dear = rebalance("research", "zone", "--cost", "0.01", "--target", "0.6", "--json").document
    cheap = rebalance("research", "zone", "--cost", "0.001", "--target", "0.6", "--json").document
    assert dear["lower_pct"] < cheap["lower_pct"] < 60 < cheap["upper_pct"] < dear["upper_pct"]


@pytest.mark.parametrize(
    "words",
    [
        ("table", "--paths", "0"),
        ("table", "--paths", "many"),
        ("table", "--seed", "-1"),
        ("table", "--cost", "0.6"),
        ("zone", "--sd-stocks", "0"),
        ("zone", "--correlation", "2"),
        ("zone", "--target", "1"),
        ("zone", "--risk-aversion", "nan"),
        ("zones",),
    ],
)
def test_a_number_that_does_not_fit_is_one_sentence(words: tuple[str, ...]) -> None:
    ran = rebalance("research", *words)
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
