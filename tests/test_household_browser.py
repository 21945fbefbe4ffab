"""The desk with several accounts: planned together, each order with its account, executed account by account."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from rebalance_kit.portfolio import open_portfolio
from rebalance_kit.samples import write_sample
from tests.desk import READY, chromium, serve, visit

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


def test_a_household_from_preview_to_receipt(browser: Browser, tmp_path: Path) -> None:
    home = write_sample(tmp_path / "home", "household")
    plan = open_portfolio(home).plan()
    with serve(tmp_path) as desk, visit(browser, desk) as seen:
        page = seen.page
        expect(page.locator(READY)).to_have_count(7)
        page.get_by_role("button", name="주문 미리 보기").click()
        expect(page.locator(".rk-orders tbody tr")).to_have_count(len(plan.orders))
        shown = seen.text(".rk-orders")
        for account in {order.account for order in plan.orders}:
            assert f"· {account}" in shown
        page.locator(".rk-read input").check()
        seen.shot("household-ko")
        page.locator(".rk-submit").click()
        expect(page.locator(".rk-receipt")).to_be_visible(timeout=60_000)
        expect(page.locator(".rk-fills tbody tr")).to_have_count(len(plan.orders))
        expect(page.locator(".rk-runs tbody tr")).to_have_count(len({order.account for order in plan.orders}))
    assert seen.outside == []
    assert seen.errors == []
    assert {run.status.value for run in open_portfolio(home).history().runs} == {"SUCCESS"}
