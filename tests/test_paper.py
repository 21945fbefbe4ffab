"""The paper broker: fills, refusals, reserves, transfers, and an account that survives."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rebalance_kit.brokers.base import Answer, Broker, BrokerOrder, Mode, Reply, TakesTransfers
from rebalance_kit.brokers.paper import PaperBroker
from rebalance_kit.brokers.paper_fills import Terms, fill_price, paper_terms
from rebalance_kit.errors import HoldingsError
from rebalance_kit.money import Rounding, product, round_money
from rebalance_kit.orders import Instrument, Side, tick_size
from tests.make import ON, Situation, holdings, policy, situation
from tests.make_run import HandClock


def account(folder: Path, made: Situation | None = None, *, slippage: str | None = "0") -> PaperBroker:
    found = made or situation("A 50, B 50", "main: A 10 @ 10000, B 5 @ 20000; cash KRW 100000")
    terms = paper_terms(found.policy, ON, None if slippage is None else Decimal(slippage))
    return PaperBroker(
        folder, "main", seed=found.holdings, prices=found.prices, terms=terms, session=ON, clock=HandClock()
    )


def place(broker: PaperBroker, side: str, code: str, quantity: int, limit: str | None = None) -> Reply:
    price = None if limit is None else Decimal(limit)
    return broker.place(BrokerOrder("test", code, Side(side), quantity, price, "KRW"))


def test_it_is_a_broker_that_takes_transfers(tmp_path: Path) -> None:
    broker: Broker = account(tmp_path)
    assert isinstance(broker, TakesTransfers)
    assert broker.identity.mode is Mode.PAPER
    assert broker.quiet_period == timedelta(0)


def test_it_reads_as_its_seed_and_writes_nothing_before_the_first_order(tmp_path: Path) -> None:
    snapshot = account(tmp_path).snapshot()
    assert snapshot.quantity("A") == 10
    assert snapshot.spendable_cash("KRW") == 100_000
    assert list(tmp_path.iterdir()) == []


def test_a_sell_adds_cash_and_a_buy_takes_it_to_the_won(tmp_path: Path) -> None:
    made = situation(policy("A 50, B 50", fee="0.00015"), "main: A 10 @ 10000, B 5 @ 20000; cash KRW 100000")
    broker = account(tmp_path, made)
    assert place(broker, "SELL", "A", 3, "9950").answer is Answer.ACCEPTED
    assert broker.snapshot().cash_of("KRW") == 100_000 + 30_000 - 5  # 4.5 won of commission, rounded up
    assert place(broker, "BUY", "B", 2, "20100").answer is Answer.ACCEPTED
    assert broker.snapshot().cash_of("KRW") == 129_995 - 40_000 - 6
    assert broker.snapshot().quantity("A") == broker.snapshot().quantity("B") == 7


def test_the_account_survives_and_is_seeded_once(tmp_path: Path) -> None:
    place(account(tmp_path), "SELL", "A", 3)
    other = situation("A 50, B 50", "main: A 99 @ 10000; cash KRW 1")
    assert account(tmp_path, other).snapshot().quantity("A") == 7
    assert (tmp_path / "paper.sqlite").stat().st_mode & 0o077 == 0


def test_it_never_sells_what_is_not_there_nor_spends_what_is_not_there(tmp_path: Path) -> None:
    broker = account(tmp_path)
    assert place(broker, "SELL", "A", 11).answer is Answer.REJECTED
    assert place(broker, "BUY", "B", 6, "20000").answer is Answer.REJECTED
    assert place(broker, "BUY", "B", 5, "20000").answer is Answer.ACCEPTED
    assert broker.snapshot().cash_of("KRW") == 0
    assert len(broker.order_list(ON).rows) == 1


def test_the_file_itself_refuses_negative_cash_and_shares(tmp_path: Path) -> None:
    broker = account(tmp_path)
    place(broker, "SELL", "A", 1)
    with sqlite3.connect(tmp_path / "paper.sqlite") as database:
        for change in ("UPDATE cash SET amount = -1", "UPDATE position SET shares = -1"):
            with pytest.raises(sqlite3.IntegrityError):
                database.execute(change)


def test_a_limit_that_is_not_reached_rests_reserves_and_can_be_cancelled(tmp_path: Path) -> None:
    broker = account(tmp_path)
    number = place(broker, "BUY", "A", 5, "9900").number
    assert number is not None
    (row,) = broker.order_list(ON).rows
    assert (row.filled, row.live) == (0, True)
    assert broker.snapshot().spendable_cash("KRW") == 100_000 - 49_500
    assert broker.snapshot().cash_of("KRW") == 100_000
    place(broker, "SELL", "A", 4, "10100")
    assert broker.snapshot().sellable_shares("A") == 6
    assert place(broker, "SELL", "A", 7).answer is Answer.REJECTED
    assert broker.cancel(number).answer is Answer.ACCEPTED
    assert broker.cancel(number).answer is Answer.ACCEPTED
    assert broker.cancel("nobody-000009").answer is Answer.REJECTED
    assert broker.snapshot().spendable_cash("KRW") == 100_000


def test_a_code_without_a_price_or_in_another_currency_is_refused(tmp_path: Path) -> None:
    broker = account(tmp_path)
    assert place(broker, "BUY", "C", 1).answer is Answer.REJECTED
    assert broker.place(BrokerOrder("t", "A", Side.BUY, 1, None, "USD")).answer is Answer.REJECTED
    assert place(broker, "BUY", "A", 0).answer is Answer.REJECTED


def test_slippage_moves_the_price_against_the_order_and_rounds_to_the_tick(tmp_path: Path) -> None:
    made = situation(policy("A 50, B 50", slippage="0.001"), "main: A 10 @ 16800, B 5 @ 20000; cash KRW 100000")
    broker = account(tmp_path, made, slippage=None)
    place(broker, "BUY", "A", 1, "16880")  # 16,816.8 is 16,815 on tick
    place(broker, "SELL", "A", 1, "16720")  # 16,783.2 is 16,785
    assert [row.filled_amount for row in broker.order_list(ON).rows] == [16_815, 16_785]


def test_a_deposit_arrives_once_however_often_it_is_sent(tmp_path: Path) -> None:
    broker = account(tmp_path)
    for _ in range(3):
        assert broker.transfer("run-1-in", "KRW", Decimal(50_000)).answer is Answer.ACCEPTED
    assert broker.snapshot().cash_of("KRW") == 150_000
    assert broker.transferred("run-1-in")
    assert not broker.transferred("run-2-in")


def test_money_that_is_not_there_cannot_be_paid_out(tmp_path: Path) -> None:
    broker = account(tmp_path)
    assert broker.transfer("run-1-out", "KRW", Decimal(-100_001)).answer is Answer.REJECTED
    assert not broker.transferred("run-1-out")
    assert broker.transfer("run-1-out", "KRW", Decimal(-100_000)).answer is Answer.ACCEPTED
    assert broker.snapshot().cash_of("KRW") == 0


def test_waiting_dividends_are_not_spent(tmp_path: Path) -> None:
    made = situation("A 100", "main: A 1 @ 10000; cash KRW 5000; dividends KRW 9000")
    broker = account(tmp_path, made)
    assert place(broker, "BUY", "A", 1).answer is Answer.REJECTED
    assert {c.kind: int(c.amount) for c in broker.snapshot().cash} == {"cash": 5000, "dividends": 9000}


def test_a_fraction_of_a_share_stays(tmp_path: Path) -> None:
    broker = account(tmp_path, situation("A 100", "main: A 3.75 @ 10000"))
    assert place(broker, "SELL", "A", 4).answer is Answer.REJECTED
    assert place(broker, "SELL", "A", 3).answer is Answer.ACCEPTED
    assert broker.snapshot().quantity("A") == Decimal("0.75")


def test_the_cost_follows_the_moving_average(tmp_path: Path) -> None:
    made = situation("A 100", "main: A 10 @ 10000; cash KRW 100000")
    costed = tuple(replace(p, cost=Decimal(80_000)) for p in made.holdings.positions)
    broker = account(tmp_path, made._replace(holdings=replace(made.holdings, positions=costed)))
    place(broker, "BUY", "A", 2)
    assert broker.snapshot().positions[0].cost == 100_000
    place(broker, "SELL", "A", 5)
    assert broker.snapshot().positions[0].cost == 58_333  # 100,000 x 7 / 12


@pytest.mark.parametrize("held", ["main: A 1 @ 10000; cash KRW -1", "main: A 1 @ 10000; cash KRW 0.5"])
def test_an_account_cannot_be_opened_with_impossible_money(tmp_path: Path, held: str) -> None:
    made = situation("A 100", held)
    with pytest.raises(HoldingsError, match="paper account"):
        account(tmp_path, made).transfer("t", "KRW", Decimal(1))
    assert account(tmp_path, made).snapshot().quantity("A") == 1  # nothing was written


def test_accounts_in_one_folder_are_apart(tmp_path: Path) -> None:
    made = situation("A 100", "main: A 5 @ 10000; other: A 7; cash KRW 10")
    terms = paper_terms(made.policy, ON)
    both = [
        PaperBroker(tmp_path, name, seed=made.holdings, prices=made.prices, terms=terms, session=ON, clock=HandClock())
        for name in ("main", "other")
    ]
    place(both[0], "SELL", "A", 5)
    assert [broker.snapshot().quantity("A") for broker in both] == [0, 7]
    assert len(both[1].order_list(ON).rows) == 0


def test_a_book_begun_again_gives_out_other_numbers(tmp_path: Path) -> None:
    first = place(account(tmp_path), "SELL", "A", 1).number
    (tmp_path / "paper.sqlite").unlink()
    assert place(account(tmp_path), "SELL", "A", 1).number != first


def test_dollars_are_kept_to_the_cent(tmp_path: Path) -> None:
    made = situation(
        policy("VOO 100", base_currency="USD", exchange="XNYS", fee="0.0007"), "main: VOO 3 @ 501.23; cash USD 1000.10"
    )
    broker = account(tmp_path, made)
    reply = broker.place(BrokerOrder("t", "VOO", Side.BUY, 1, Decimal("503.73"), "USD"))
    assert reply.answer is Answer.ACCEPTED
    assert broker.snapshot().cash_of("USD") == Decimal("1000.10") - Decimal("501.23") - Decimal("0.36")


ETF = Terms(Decimal(0), Decimal(0), lambda price: tick_size(price, Instrument.KRX_ETF, ON))


@given(
    price=st.integers(100, 200_000),
    slippage=st.decimals(0, Decimal("0.02"), places=4),
    quantity=st.integers(1, 5_000),
    side=st.sampled_from(Side),
)
def test_a_fill_never_costs_more_than_the_stated_slippage(
    price: int, slippage: Decimal, quantity: int, side: Side
) -> None:
    paid = fill_price(side, Decimal(price), None, replace(ETF, slippage=slippage))
    assert paid is not None
    worse = paid - price if side is Side.BUY else price - paid
    stated = round_money(product(slippage, Decimal(price), Decimal(quantity)), "KRW", Rounding.UP)
    assert 0 <= worse * quantity <= stated


@given(
    trades=st.lists(st.tuples(st.sampled_from("AB"), st.sampled_from(["BUY", "SELL"]), st.integers(1, 12)), max_size=8)
)
def test_shares_and_won_are_conserved(
    tmp_path_factory: pytest.TempPathFactory, trades: list[tuple[str, str, int]]
) -> None:
    broker = account(tmp_path_factory.mktemp("paper"))
    for code, side, quantity in trades:
        place(broker, side, code, quantity)
    after, rows = broker.snapshot(), broker.order_list(ON).rows
    for code, before in (("A", 10), ("B", 5)):
        signed = sum(row.filled * (1 if row.side is Side.BUY else -1) for row in rows if row.code == code)
        assert after.quantity(code) == before + signed >= 0
    spent = sum(row.filled_amount * (1 if row.side is Side.BUY else -1) for row in rows)
    assert after.cash_of("KRW") == 100_000 - spent >= 0


def test_the_seed_is_remembered(tmp_path: Path) -> None:
    account(tmp_path).transfer("t", "KRW", Decimal(1))
    with sqlite3.connect(tmp_path / "paper.sqlite") as database:
        (source, digest) = database.execute("SELECT source, seed_hash FROM account").fetchone()
    assert source == holdings("main: A 1").source
    assert len(digest) == 64
