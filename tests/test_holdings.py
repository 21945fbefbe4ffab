"""holdings.csv, lots.csv and the registry of formats: what is held, exactly."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rebalance_kit.errors import HoldingsError, InputError, UsageError
from rebalance_kit.holdings.files import read_holdings
from rebalance_kit.holdings.lots import check_lots, read_lot_document
from rebalance_kit.holdings.model import Cash, Holdings, HoldingsFile, Lot, Position, average_cost
from rebalance_kit.holdings.statements.base import Confidence, Format
from rebalance_kit.holdings.statements.generic import GenericTable
from rebalance_kit.holdings.statements.registry import FORMATS, choose, read_statement
from rebalance_kit.money import plain
from rebalance_kit.policy.model import Policy
from rebalance_kit.prices.book import price_book
from rebalance_kit.prices.model import Quote
from rebalance_kit.textfile.document import Document
from rebalance_kit.words import Text, same
from tests.make import ON, policy
from tests.shared_data import shared

TWO = {"069500": {"ticker": "KODEX 200"}, "VOO": {"currency": "USD", "exchange": "XNYS"}}
KOREA_US = policy("069500 50, VOO 50", assets=TWO)
ACCOUNTS = policy("069500 50, VOO 50", assets=TWO, accounts={"main": {}, "pension": {"type": "pension"}})


def document(text: str | bytes) -> Document:
    return Document("holdings.csv", text.encode() if isinstance(text, str) else text, HoldingsError)


def read(text: str | bytes, wanted: Policy = KOREA_US) -> HoldingsFile:
    return read_statement(document(text), wanted, ON)


def findings(file: HoldingsFile) -> dict[str, str]:
    return {finding.rule: finding.message.en for finding in file.holdings.findings}


def test_the_usual_file() -> None:
    file = read(
        "code,name,quantity,price,currency,cost\n"
        "069500,KODEX 200,50,32000,KRW,1500000\n"
        "VOO,Vanguard S&P 500,3,550.25,USD,1500.10\n"
        "CASH,,1000000,1,,\n"
        "CASH,,250.50,,USD,\n"
        "DIVIDENDS,,34000,,,\n"
    )
    assert file.holdings.positions == (
        Position("main", "069500", Decimal(50), "KRW", "KODEX 200", Decimal(1500000)),
        Position("main", "VOO", Decimal(3), "USD", "Vanguard S&P 500", Decimal("1500.10")),
    )
    assert file.holdings.cash == (
        Cash("main", "KRW", Decimal(1000000)),
        Cash("main", "KRW", Decimal(34000), "dividends"),
        Cash("main", "USD", Decimal("250.50")),
    )
    assert file.quotes == (
        Quote("069500", Decimal(32000), "KRW", ON, "holdings.csv", "KODEX 200", dated=False),
        Quote("VOO", Decimal("550.25"), "USD", ON, "holdings.csv", "Vanguard S&P 500", dated=False),
    )
    assert findings(file) == {"undated_price": "prices without a date in holdings.csv count as of 2026-03-04: 2"}
    assert (file.holdings.source, file.holdings.as_of, file.format) == ("holdings.csv", None, "table")


def test_korean_headings_in_cp949_with_cash_rows() -> None:
    text = (
        "계좌,종목코드,종목명,보유수량,매입단가,현재가,평가금액,통화,기준일\n"
        'pension,069500,KODEX 200,"1,000","30,000원","32,000","32,000,000",원,2026.03.03\n'
        'pension,현금,예수금,"1,234,567",,,,KRW,\n'
        "pension,배당금,,5000,,,,,\n"
        'pension,합계,,,,,"33,234,567",,\n'
    )
    file = read(text.encode("cp949"), ACCOUNTS)
    assert file.holdings.positions == (
        Position("pension", "069500", Decimal(1000), "KRW", "KODEX 200", Decimal(30_000_000)),
    )
    assert file.holdings.cash_of("pension", "KRW") == 1234567
    assert file.quotes == (Quote("069500", Decimal(32000), "KRW", date(2026, 3, 3), "holdings.csv", "KODEX 200"),)
    assert file.holdings.as_of == date(2026, 3, 3)
    assert findings(file) == {
        "encoding": "holdings.csv was read as CP949",
        "total_row": "totals in holdings.csv that were not read as holdings: line 5",
    }
    assert [(row.line, row.reason.en) for row in file.skipped] == [(5, "a total of other rows")]


def test_a_cost_for_each_share_becomes_the_total() -> None:
    file = read("code,quantity,average cost\nVOO,3,100.333\n")
    assert file.holdings.positions[0].cost == Decimal("301.00")  # 300.999 to the cent
    held = read("code,quantity,cost,avg cost\n069500,3,100,99\n").holdings.positions[0]
    assert held.cost == 100  # a total wins over what a share cost
    assert average_cost(held) == Fraction(100, 3)


def test_the_same_code_twice_is_merged_with_a_finding() -> None:
    file = read("code,quantity,cost\n069500,10,300\n069500,5,150\nCASH,1,\nCASH,2,\n")
    assert file.holdings.positions == (Position("main", "069500", Decimal(15), "KRW", None, Decimal(450)),)
    assert file.holdings.cash_of("main", "KRW") == 3
    messages = [finding.message.en for finding in file.holdings.findings]
    assert messages == [
        "069500 stands in lines 2, 3 of account main and was added up to 15",
        "cash KRW stands in lines 4, 5 of account main and was added up to 3",
    ]


def test_a_cost_known_for_a_part_only_is_unknown() -> None:
    assert read("code,quantity,cost\n069500,10,300\n069500,5,\n").holdings.positions[0].cost is None


def test_the_same_code_in_two_accounts_stays_apart() -> None:
    file = read("account,code,quantity\nmain,069500,10\npension,069500,5\n", ACCOUNTS)
    assert [(p.account, p.quantity) for p in file.holdings.positions] == [
        ("main", Decimal(10)),
        ("pension", Decimal(5)),
    ]
    assert file.holdings.findings == ()


def test_a_zero_row_is_no_position_and_keeps_its_price() -> None:
    file = read("code,quantity,price\n069500,0,32000\nVOO,1,\n")
    assert [position.code for position in file.holdings.positions] == ["VOO"]
    assert [(quote.code, quote.price) for quote in file.quotes] == [("069500", Decimal(32000))]
    assert findings(file)["zero_quantity"] == "069500 has quantity 0 (line 2): no position, its price is kept"


def test_value_checks_price_times_quantity() -> None:
    assert findings(read("code,quantity,price,value,date\n069500,10,100,1000,2026-03-04\n")) == {}
    assert findings(read("code,quantity,price,value,date\nVOO,0.333,3.33,1.10,2026-03-04\n")) == {}  # cut to the cent
    wrong = read("code,quantity,price,value,date\n069500,10,100,1001,2026-03-04\n")
    assert findings(wrong) == {"value_mismatch": "10 x 100 is not the value of 069500 in line 2, 1001"}


def test_a_value_alone_gives_a_price_only_when_it_is_exact() -> None:
    file = read("code,quantity,value\n069500,250,4200000\nVOO,3,100\n")
    assert [(quote.code, quote.price) for quote in file.quotes] == [("069500", Decimal(16800))]


def test_currencies_default_to_the_policy_then_the_base() -> None:
    file = read("code,quantity\n069500,1\nVOO,1\n233740,1\nCASH,5\n")
    assert [p.currency for p in file.holdings.positions] == ["KRW", "KRW", "USD"]
    abroad = read("code,quantity,currency\nQQQM,1,USD\n")  # not in the policy: its currency says that it is not on KRX
    assert abroad.holdings.positions[0].currency == "USD"


def test_codes_that_a_spreadsheet_was_told_to_keep() -> None:
    file = read('code,quantity\n"=""069500""",1\n=\'069500,0\n'.replace("='", "'"))
    assert [p.code for p in file.holdings.positions] == ["069500"]


def test_the_short_code_of_krx() -> None:
    assert read("code,quantity\nA069500,1\n").holdings.positions[0].code == "069500"


def test_fractions_stay_abroad() -> None:
    assert read("code,quantity\nVOO,1.234567\n").holdings.positions[0].quantity == Decimal("1.234567")


def test_cash_is_whole_minor_units_and_may_be_owed() -> None:
    file = read("code,quantity,currency\nCASH,13555.22780545,USD\nCASH,-500,KRW\n")
    assert file.holdings.cash_of("main", "USD") == Decimal("13555.22")
    assert file.holdings.cash_of("main", "KRW") == -500
    assert findings(file) == {
        "cash_rounded": "cash of 13555.22780545 USD counts as 13555.22: less than 0.01 cannot be spent",
        "negative_cash": "account main owes 500 KRW",
    }


def test_cash_whose_amount_stands_in_the_value_column() -> None:
    assert read("code,quantity,value\nCASH,,1500\n").holdings.cash_of("main", "KRW") == 1500


def test_unknown_columns_are_named_and_usual_ones_are_not() -> None:
    file = read("code,quantity,수익률(%),prise\n069500,1,5.1,3\n")
    assert findings(file) == {"unused_columns": "columns of holdings.csv that were not used: prise"}


def test_text_that_looks_like_a_formula_is_text() -> None:
    file = read('code,quantity,name\n069500,1,"=HYPERLINK(""http://x"")"\nVOO,1,@SUM(A1)\n')
    assert [p.name for p in file.holdings.positions] == ['=HYPERLINK("http://x")', "@SUM(A1)"]


def test_only_headings_is_an_empty_account() -> None:
    assert read("code,quantity\n").holdings == Holdings((), source="holdings.csv")


def test_the_real_korean_sample() -> None:
    file = read_holdings(
        shared("statements/korea/generic_korean_positions_thousands.csv"), policy("069500 100"), date(2025, 12, 15)
    )
    assert [(p.code, p.name, p.quantity, p.cost) for p in file.holdings.positions] == [
        ("069500", "KODEX 200", Decimal(51), Decimal(51 * 72034))
    ]
    book = price_book(policy("069500 100"), date(2025, 12, 15), file.quotes)
    assert book.price("069500") == 130600
    assert book.value("069500", Decimal(51)) == 6660600
    assert set(findings(file)) == {"undated_price"}


def test_without_a_policy_the_accounts_are_those_of_the_file() -> None:
    korean = read_statement(
        document("계좌,종목코드,보유수량,현재가\n1234-01,069500,5,32000\n,예수금,1000,\n"), None, ON
    )
    assert korean.holdings.accounts == ("1234-01", "main")
    assert [p.currency for p in korean.holdings.positions] == ["KRW"]
    assert korean.holdings.cash == (Cash("main", "KRW", Decimal(1000)),)
    english = read_statement(document("symbol,shares,price\nVOO,1.5,550\n"), None, ON)
    assert english.holdings.positions == (Position("main", "VOO", Decimal("1.5"), "USD"),)
    assert findings(english)["assumed_currency"] == "holdings.csv names no currency: its amounts count as USD"


# The registry


WANTED = same("a broker's file")


@dataclass(frozen=True)
class Broker:
    """A format that claims everything as surely as it is told to."""

    name: str
    sure: Confidence
    wanted: Text = WANTED

    def recognise(self, document: Document) -> Confidence:
        return self.sure

    def read(self, document: Document, policy: Policy | None, on: date) -> HoldingsFile:
        return HoldingsFile(Holdings(()), format=self.name)


SURE, FITS, NO = (
    Broker(name, sure)
    for name, sure in [("sure", Confidence.CERTAIN), ("fits", Confidence.FITS), ("no", Confidence.NO)]
)
TABLE = "code,quantity\n069500,1\n"


def test_the_surest_format_reads() -> None:
    formats: tuple[Format, ...] = (GenericTable(), NO, SURE)
    assert read_statement(document(TABLE), KOREA_US, ON, formats=formats).format == "sure"
    assert choose(document(TABLE), (GenericTable(), NO)).name == "table"


def test_two_formats_that_claim_one_file_are_named() -> None:
    with pytest.raises(HoldingsError, match="the formats table, fits all claim the file"):
        choose(document(TABLE), (GenericTable(), FITS, NO))


def test_a_named_format_overrides() -> None:
    formats: tuple[Format, ...] = (GenericTable(), FITS)
    assert read_statement(document(TABLE), KOREA_US, ON, name="fits", formats=formats).format == "fits"
    with pytest.raises(UsageError, match="'excel' is not a known format; expected one of table, fits"):
        read_statement(document(TABLE), KOREA_US, ON, name="excel", formats=formats)


def test_a_file_that_no_format_knows_lists_found_and_wanted() -> None:
    with pytest.raises(HoldingsError) as caught:
        choose(document("종목명,매수금액\nx,1\n"), (*FORMATS, NO))
    assert "the headings found are 종목명, 매수금액" in str(caught.value)
    assert "code and quantity (or 종목코드 and 보유수량)" in str(caught.value)
    assert "a statement of one of fidelity, schwab" in str(caught.value)


def test_the_generic_table_does_not_claim_a_workbook() -> None:
    assert GenericTable().recognise(document(b"PK\x03\x04rest")) is Confidence.NO


# Lots


def lots(text: str, wanted: Policy = KOREA_US) -> tuple[Lot, ...]:
    return read_lot_document(Document("lots.csv", text.encode(), HoldingsError), wanted)


def test_lots_are_read_and_sorted() -> None:
    read = lots(
        "account,code,lot_id,date,quantity,cost,currency,tax_base\n"
        "main,069500,b,2025-05-02,20,620000,KRW,30950.12\n"
        "main,069500,a,2024-01-02,30,880000,,\n"
    )
    assert read == (
        Lot("main", "069500", "a", date(2024, 1, 2), Decimal(30), Decimal(880000), "KRW"),
        Lot("main", "069500", "b", date(2025, 5, 2), Decimal(20), Decimal(620000), "KRW", Decimal("30950.12")),
    )


def test_korean_lots_with_a_cost_for_each_share() -> None:
    read = lots("종목코드,로트번호,매수일,수량,매입단가,과표기준가\nVOO,1,2024.01.02,3,$470.10,\n")
    assert read == (Lot("main", "VOO", "1", date(2024, 1, 2), Decimal(3), Decimal("1410.30"), "USD"),)


def test_lots_that_do_not_add_up_are_a_finding() -> None:
    held = read("code,quantity\n069500,51\nVOO,3\n").holdings
    bought = lots(
        "code,lot_id,date,quantity,cost\n069500,1,2024-01-02,49,1\nVOO,1,2024-01-02,3,1\n114260,1,2024-01-02,2,1\n"
    )
    assert [(f.severity, f.code, f.message.en) for f in check_lots(held, bought)] == [
        ("warning", "069500", "the lots of 069500 in account main add up to 49, but 51 are held"),
        ("warning", "114260", "the lots of 114260 in account main add up to 2, but 0 are held"),
    ]
    assert check_lots(held, ()) == ()


# Whatever the file, and whatever was written

AMOUNTS = st.decimals(0, 10**9, places=2)
ROWS = st.dictionaries(
    st.sampled_from(["069500", "VOO", "233740", "0000D0", "114260"]), st.tuples(st.integers(1, 10**7), AMOUNTS, AMOUNTS)
)


@given(ROWS, st.sampled_from([",", ";", "\t"]), st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp949"]))
def test_a_written_table_reads_back_in_any_order(
    rows: dict[str, tuple[int, Decimal, Decimal]], delimiter: str, codec: str
) -> None:
    lines = [delimiter.join([code, str(q), plain(p), plain(c)]) for code, (q, p, c) in rows.items()]
    head = delimiter.join(["종목코드", "수량", "현재가", "매입금액"])
    texts = ["\n".join([head, *order]) for order in (lines, lines[::-1])]
    first, second = (read(text.encode(codec)) for text in texts)
    assert first.holdings == second.holdings
    wanted = {code: (Decimal(quantity), cost) for code, (quantity, _, cost) in rows.items()}
    assert {p.code: (p.quantity, p.cost) for p in first.holdings.positions} == wanted
    assert {q.code: q.price for q in first.quotes} == {code: price for code, (_, price, _) in rows.items()}


@given(
    st.lists(
        st.sampled_from([*'A1069500.,;-"\n\t#=$%', "CASH", "합계", "VOO", "code,quantity\n", "069500,5\n", "price"])
    )
)
def test_any_text_is_holdings_or_an_error_of_ours(parts: list[str]) -> None:
    for text in ("".join(parts), "code,quantity,price,account\n" + "".join(parts)):
        with suppress(InputError):
            assert isinstance(read(text), HoldingsFile)


def test_a_missing_file_names_its_path(tmp_path: Path) -> None:
    with pytest.raises(HoldingsError, match="there is no such file"):
        read_holdings(tmp_path / "holdings.csv", KOREA_US, ON)
