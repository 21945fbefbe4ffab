"""Trading by hand: a list to type in, sells first; the fills entered; the buys sized by what they brought."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path

import pytest

from rebalance_kit.brokers.ticket import TicketBroker, TicketFill
from rebalance_kit.brokers.ticket_file import read_fills
from rebalance_kit.cli import main
from rebalance_kit.errors import DecisionNeeded, HoldingsError, UsageError
from rebalance_kit.orders import Side
from rebalance_kit.portfolio import open_portfolio
from rebalance_kit.portfolio.by_hand import enter_fills
from rebalance_kit.portfolio.model import Portfolio
from rebalance_kit.portfolio.recovering import open_to_recover
from rebalance_kit.samples import write_sample

DUE = "2026-04-01"
SELLS = "code,side,quantity,price,commission\n091230,SELL,8,49800,60\n360750,매도,21,'16,750',52\n".replace("'", '"')


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_sample(tmp_path / "p", "growth")


def opened(folder: Path) -> Portfolio:
    return open_to_recover(folder, broker="ticket", on=DUE, language="en")


def begun(folder: Path) -> Portfolio:
    """A run whose sells wait to be typed in."""
    portfolio = open_portfolio(folder, broker="ticket", on=DUE, language="en")
    plan = portfolio.plan()
    assert portfolio.run(plan, yes=plan.plan_id).status == "UNKNOWN"
    return portfolio


def listed(folder: Path) -> list[dict[str, str]]:
    with (folder / "ticket.csv").open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def write(folder: Path, text: str) -> Path:
    path = folder / "fills.csv"
    path.write_text(text, encoding="utf-8")
    return path


def filled_in(folder: Path, rows: Iterable[dict[str, str]], share: int = 1) -> Path:
    """The list itself, with everything (or a part of it) filled at its limit."""
    path = folder / "filled.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.DictWriter(file, ["code", "side", "quantity", "price", "commission"], extrasaction="ignore")
        out.writeheader()
        for row in rows:
            out.writerow({**row, "quantity": int(row["ordered"]) // share, "price": row["limit_price"]})
    return path


def test_the_sells_are_listed_first_and_the_run_stays_open(folder: Path) -> None:
    begun(folder)
    assert [(row["code"], row["side"], row["ordered"]) for row in listed(folder)] == [
        ("091230", "SELL", "8"),
        ("360750", "SELL", "21"),
    ]
    (run,) = opened(folder).resume()  # nothing was entered: nothing changes, and nothing is cancelled
    assert [(row.side, row.state) for row in run.result.executions] == [("SELL", "ACKED"), ("SELL", "ACKED")]
    assert [finding.rule for finding in run.result.findings if finding.rule == "by_hand"] == ["by_hand"]


def test_the_buys_are_sized_by_the_cash_that_the_sells_brought(folder: Path) -> None:
    begun(folder)
    assert enter_fills(opened(folder), write(folder, SELLS)).open_orders() == ()
    (run,) = opened(folder).resume()
    assert run.status == "UNKNOWN"
    buys = listed(folder)
    assert {row["side"] for row in buys} == {"BUY"}
    earned = 8 * 49_800 - 60 + 21 * 16_750 - 52
    assert sum(int(row["ordered"]) * Decimal(row["limit_price"]) for row in buys) <= earned
    enter_fills(opened(folder), filled_in(folder, buys))
    (run,) = opened(folder).resume()
    assert (run.status, run.exit_code) == ("SUCCESS", 0)
    assert listed(folder) == []
    assert "by_hand" not in {finding.rule for finding in run.result.findings}
    after = open_portfolio(folder, on=DUE)
    assert after.holdings.quantity("091230", "main") == 22
    assert opened(folder).resume() == ()


def test_with_less_cash_fewer_are_bought(folder: Path) -> None:
    begun(folder)
    enter_fills(opened(folder), write(folder, SELLS.replace(",21,", ",12,")), close=True)
    (run,) = opened(folder).resume()
    assert "order_cut" in {finding.rule for finding in run.result.findings}
    enter_fills(opened(folder), write(folder, "code,side,quantity,price\n"), close=True)  # nothing was bought
    (run,) = opened(folder).resume()
    assert (run.status, run.exit_code) == ("PARTIAL", 8)


def test_entering_a_file_twice_changes_nothing(folder: Path) -> None:
    begun(folder)
    for _ in range(2):
        broker = enter_fills(opened(folder), write(folder, SELLS))
    assert broker.snapshot().cash_of("KRW") == 8 * 49_800 - 60 + 21 * 16_750 - 52


def test_a_part_now_and_the_rest_later(folder: Path) -> None:
    begun(folder)
    part = filled_in(folder, listed(folder), share=2)
    assert [row.filled for row in enter_fills(opened(folder), part).open_orders()] == [4, 10]
    assert enter_fills(opened(folder), write(folder, SELLS)).open_orders() == ()


def test_another_plan_waits_for_the_fills(folder: Path) -> None:
    begun(folder)
    portfolio = open_portfolio(folder, broker="ticket", on=DUE)
    other = portfolio.plan(contribute=1_000_000)
    with pytest.raises(DecisionNeeded):
        portfolio.run(other, yes=other.plan_id)


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("code,side,quantity\n", "no column price"),
        ("code,side,quantity,price\n091230,SELL,x,1\n", "fills.csv:2: quantity 'x'"),
        ("code,side,quantity,price\n091230,HOLD,1,1\n", "'HOLD'"),
        ("code,side,quantity,price\n091230,SELL,1,0\n", "the price is 0"),
        ("code,side,quantity,price\n091230,SELL,9,50000\n", "9 of 8 shares"),
        ("code,side,quantity,price\n091230,BUY,1,50000\n", "there is no order BUY 091230"),
        ("code,side,quantity,price\n091230,SELL,1.5,50000\n", "1.5 shares"),
    ],
)
def test_a_wrong_row_is_refused_and_nothing_is_booked(folder: Path, text: str, wrong: str) -> None:
    begun(folder)
    with pytest.raises(HoldingsError, match=wrong):
        enter_fills(opened(folder), write(folder, text))
    broker = opened(folder).broker
    assert isinstance(broker, TicketBroker)
    assert broker.snapshot().cash_of("KRW") == 0


def test_fewer_than_were_entered_before_is_refused(folder: Path) -> None:
    begun(folder)
    enter_fills(opened(folder), write(folder, SELLS))
    with pytest.raises(HoldingsError, match="where 8 were entered before"):
        enter_fills(opened(folder), write(folder, "code,side,quantity,price\n091230,SELL,7,49800\n"))


def test_rows_of_one_order_are_added_up_and_empty_ones_say_nothing(tmp_path: Path) -> None:
    path = write(tmp_path, "Code,Side,Quantity,Price\nA,buy,1,10\nB,BUY,,\nA,BUY,2,11\n")
    assert read_fills(path) == (TicketFill("A", Side.BUY, Decimal(3), Decimal(32), Decimal(0), "fills.csv:4"),)


def test_only_a_person_enters_fills(folder: Path) -> None:
    with pytest.raises(UsageError, match="ticket"):
        enter_fills(open_portfolio(folder, on=DUE), write(folder, SELLS))


def test_the_whole_way_on_the_command_line(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    portfolio = open_portfolio(folder, broker="ticket", on=DUE)
    words = [str(folder), "--on", DUE, "--language", "en"]
    assert main(["run", *words, "--broker", "ticket", "--yes", portfolio.plan().plan_id]) == 5
    assert "SELL\t091230\t8\t49750 KRW\tTIGER" in capsys.readouterr().out
    assert main(["fills", words[0], str(write(folder, SELLS)), *words[1:]]) == 0
    assert f"rebalance resume {folder} --broker ticket" in capsys.readouterr().out
    assert main(["resume", *words, "--broker", "ticket"]) == 5
    assert "BUY\t" in capsys.readouterr().out
    done = filled_in(folder, listed(folder))
    assert main(["resume", *words, "--broker", "ticket", "--fills", str(done)]) == 0
    assert "SUCCESS" in capsys.readouterr().out
    assert main(["history", *words]) == 0
    assert "SUCCESS" in capsys.readouterr().out
