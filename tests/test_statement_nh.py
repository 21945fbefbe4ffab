"""NH Investment: accounts, average costs, the day of the query."""

from __future__ import annotations

from datetime import date

from tests.korean_files import costs, korean_sample
from tests.statement_files import held


def test_the_balance_of_an_account() -> None:
    file = korean_sample("nh_accounts.csv")
    assert (file.format, file.holdings.as_of) == ("nh", date(2026, 10, 30))
    assert held(file) == {"11-1": {"069500": "50", "114260": "8"}}
    assert costs(file) == {("11-1", "069500"): "1500000", ("11-1", "114260"): "479040"}
