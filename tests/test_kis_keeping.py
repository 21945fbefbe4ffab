"""A rehearsal that is continued: accounts, prices, numbers and time as they were; several accounts at once."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from rebalance_kit.brokers.kis.rehearsal.start import Opening, open_account, start
from rebalance_kit.brokers.kis.rehearsal.world import World
from rebalance_kit.errors import UsageError
from tests.kis_calls import ETF, Desk, opened


def test_a_rehearsal_goes_on_where_it_ended(tmp_path: Path) -> None:
    file = tmp_path / "rehearsal.json"
    with start(opening=opened(1_000_000, _069500=40), keep=file) as kis:
        desk = Desk(kis, "real")
        desk.order("SELL", ETF, 10, "39995")
        desk.order("BUY", ETF, 3, "39000")
        kis.world.move_price(ETF, Decimal(39_500))
        before = kis.state()
    with start(opening=opened(5), keep=file) as kis:
        assert {k: v for k, v in kis.state().items() if k != "tokens_issued"} == {
            k: v for k, v in before.items() if k != "tokens_issued"
        }
        kis.world.move_price(ETF, Decimal(39_000))
        assert [order.filled for order in kis.orders("real")] == [10, 3], "the resting order is live again"
        number = Desk(kis, "real").order("SELL", ETF, 1, "39000")["output"]["ODNO"]
        assert int(number) > before["accounts"][0]["orders"][-1]["number"]
        kis.clock.set("2026-03-04 15:31")
        assert not kis.account("real").live()


def test_what_was_booked_is_on_the_disk_before_the_answer(tmp_path: Path) -> None:
    file = tmp_path / "rehearsal.json"
    with start(opening=opened(1_000_000, _069500=40), keep=file) as kis:
        Desk(kis, "mock").order("SELL", ETF, 10, "41000")
        assert '"code": "069500"' in file.read_text(encoding="utf-8")


@pytest.mark.parametrize("text", ["", "{}", '{"version": 99}', '{"version": 1, "accounts": 3}', "[]"])
def test_a_file_of_another_making_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "rehearsal.json"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match="not the record of a rehearsal"):
        start(keep=file)
    assert file.read_text(encoding="utf-8") == text


def test_several_accounts_each_with_a_key_of_its_own() -> None:
    def pension(world: World) -> None:
        open_account(world, "mock", Opening(Decimal(3_000_000)), number="50012345", product="22")

    with start(opening=opened(1_000_000), adjust=pension) as kis:
        desk = Desk(kis, "mock")
        key = kis.world.keys[-1]
        desk.settings = desk.settings | {"KIS_APP_KEY": key.appkey, "KIS_APP_SECRET": key.appsecret}
        assert desk.get("inquire-balance")["msg_cd"] == "OPSQ2000", "the key is good for the other account"
        desk.product = "22"
        assert desk.get("inquire-balance")["output2"][0]["dnca_tot_amt"] == "3000000"
        assert kis.world.account("mock", "50012345-22").cash() == 3_000_000
