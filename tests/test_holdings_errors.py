"""Bad holdings files by name: each is refused in one sentence that names place, value, expectation and remedy."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest

from rebalance_kit.errors import HoldingsError, InputError, PriceError
from rebalance_kit.holdings.files import read_holdings, read_lots
from tests.make import ON, policy

POLICY = policy(
    "069500 50, VOO 50",
    assets={"069500": {"ticker": "KODEX 200"}, "VOO": {"currency": "USD", "exchange": "XNYS"}},
)
TWO_ACCOUNTS = POLICY.model_copy(update={"accounts": {"main": POLICY.accounts["main"], "isa": POLICY.accounts["main"]}})


class Bad(NamedTuple):
    """A file, and the parts of its message."""

    name: str
    text: str | bytes
    where: str
    wrong: str
    fix: str
    error: type[InputError] = HoldingsError


def row(cells: str, heading: str = "code,quantity,price,currency,cost,account,date") -> str:
    """A file with one row."""
    return f"{heading}\n{cells}\n"


QUANTITY = "holdings.csv, line 2, column 'quantity': "
CODE = "holdings.csv, line 2, column 'code': "
PRICE = "holdings.csv, line 2, column 'price': "
PLAIN = "write it without separators"
FILE = "holdings.csv: "

BAD = [
    Bad("empty", b"", FILE, "the file is empty", "export or write it again"),
    Bad("only a mark", b"\xef\xbb\xbf\r\n", FILE, "the file is empty", "export or write it again"),
    Bad("a workbook", b"PK\x03\x04abc", FILE, "an Excel workbook", "save the sheet as CSV"),
    Bad("a locked workbook", b"\xd0\xcf\x11\xe0abc", FILE, "password-protected", "save the table as CSV"),
    Bad("a photo", b"\xff\xd8\xff\xe0abc", FILE, "a JPEG picture", "download the positions as CSV"),
    Bad("a login page", "<html><body>login</body></html>", FILE, "a web page that asks to log in", "sign in at"),
    Bad("another encoding", b"code,quantity\nA\xff\xff,1\n", FILE, "in no encoding", "save the file again"),
    Bad("a NUL byte", b"code,quantity\nVOO,1\0\n", "holdings.csv, line 2: ", "a NUL byte", "save the file again"),
    Bad("too large", b"code,quantity\n" + b"#" * 10_500_000, FILE, "larger than 10 MB", "keep the rows"),
    Bad(
        "no quantity column", "code,amount\nVOO,1\n", FILE, "the headings found are code, amount", "with these headings"
    ),
    Bad("no headings", "069500,51\n", FILE, "the headings found are 069500, 51", "with these headings"),
    Bad(
        "transactions",
        "일자,종목명,매수금액\n2026-03-04,x,1\n",
        FILE,
        "found are 일자, 종목명, 매수금액",
        "with these headings",
    ),
    Bad(
        "a heading twice",
        "code,quantity,quantity\nVOO,1,2\n",
        "line 1: ",
        "'quantity' both mean quantity",
        "remove one",
    ),
    Bad("two cost columns", "code,quantity,매입금액,매수금액\nVOO,1,2,3\n", "line 1: ", "'매입금액' and", "'cost'"),
    Bad(
        "a short row",
        "code,quantity,price\nVOO,1\n",
        "holdings.csv, line 2: ",
        "the row has 2 cells",
        "complete the row",
    ),
    Bad("a long row", "code,quantity\nVOO,1,234\n", "holdings.csv, line 2: ", "the row has 3 cells", "quote a cell"),
    Bad("an open quote", 'code,quantity\nVOO,"1\n069500,2\n', "line 2: ", "cannot be split", "correct the quotes"),
    Bad("a code without zeros", row("69500,1,,,,,"), CODE, "'69500' is a number", "write 069500"),
    Bad("a code as 69500.0", row("69500.0,1,,,,,"), CODE, "'69500.0' is a number", "write 069500"),
    Bad("a code in small letters", row("voo,1,,,,,"), CODE, "'voo' is not a code", "write VOO"),
    Bad("a foreign code without currency", row("QQQ,1,,,,,"), CODE, "'QQQ' is not a code", "name its currency"),
    Bad("a formula as code", row("=A1,1,,,,,"), CODE, "'=A1' is not a code", "write the exchange's code"),
    Bad("no code", row(",1,100,,,,"), CODE, "the code is missing", "write the exchange's code"),
    Bad("no quantity", row("VOO,,1,,,,"), QUANTITY, "the number is missing", PLAIN),
    Bad("NaN", row("VOO,NaN,,,,,"), QUANTITY, "'NaN' is not a number", PLAIN),
    Bad("infinity", row("VOO,inf,,,,,"), QUANTITY, "'inf' is not a number", PLAIN),
    Bad("an exponent", row("VOO,1e5,,,,,"), QUANTITY, "'1e5' is not a number", PLAIN),
    Bad("hexadecimal", row("VOO,0x10,,,,,"), QUANTITY, "'0x10' is not a number", PLAIN),
    Bad("a formula as quantity", row("VOO,=1+1,,,,,"), QUANTITY, "'=1+1' is not a number", PLAIN),
    Bad("a percentage", row("VOO,35%,,,,,"), QUANTITY, "'35%' is a percentage", PLAIN),
    Bad("broken groups", row('VOO,"12,34,567",,,,,'), QUANTITY, "'12,34,567' is not grouped in threes", PLAIN),
    Bad("a lone decimal comma", row('VOO,"1,23",,,,,'), QUANTITY, "'1,23' reads only with a decimal comma", PLAIN),
    Bad("both styles", 'code,quantity,price\nVOO,"1.234,5","1,234.5"\n', QUANTITY, "'1.234,5' reads only", PLAIN),
    Bad("comma or point", "code;quantity\nVOO;1,234\n", QUANTITY, "'1,234' can be read with", PLAIN),
    Bad("blanks between digits", row("VOO,1 234,,,,,"), QUANTITY, "'1 234' is not a number", PLAIN),
    Bad("too many digits", row(f"VOO,{'9' * 40},,,,,"), QUANTITY, "more than 30 digits", "correct the number"),
    Bad("a short position", row("VOO,-5,,,,,"), QUANTITY, "'-5' is negative", "correct the amount"),
    Bad("a short position in brackets", row("VOO,(5),,,,,"), QUANTITY, "'(5)' is negative", "correct the amount"),
    Bad("half a KRX share", row("069500,1.5,,,,,"), QUANTITY, "1.5 is not a whole number", "correct the quantity"),
    Bad("a negative price", row("VOO,1,-3,,,,"), PRICE, "the price is -3", "correct the price", PriceError),
    Bad("a price in words", row("VOO,1,cheap,,,,"), PRICE, "'cheap' is not a number", PLAIN, PriceError),
    Bad(
        "dollars for won",
        row("069500,1,$32,,,,"),
        PRICE,
        "'$32' carries the symbol $",
        "name the row's currency",
        PriceError,
    ),
    Bad("a negative cost", row("VOO,1,,,-7,,"), "column 'cost': ", "'-7' is negative", "correct the amount"),
    Bad(
        "an unknown currency",
        row("VOO,1,,XXX,,,"),
        "column 'currency': ",
        "'XXX' is not a known currency",
        "three-letter",
    ),
    Bad(
        "another currency than the policy's",
        row("VOO,1,,KRW,,,"),
        "column 'currency': ",
        "VOO is in KRW",
        "correct the file",
    ),
    Bad(
        "an unknown account",
        row("VOO,1,,,,savings,"),
        "column 'account': ",
        "'savings' is not an account",
        "add the account",
    ),
    Bad(
        "a date that is none", row("VOO,1,,,,,03/04/2026"), "column 'date': ", "'03/04/2026' is not a date", "that way"
    ),
    Bad(
        "a date to come", row("VOO,1,,,,,2026-03-05"), "column 'date': ", "2026-03-05 is after", "give --on 2026-03-05"
    ),
    Bad("cash with a price", row("CASH,100,2,,,,"), PRICE, "cash has the price 2", "in the quantity column"),
    Bad("cash without amount", row("CASH,,1,,,,"), QUANTITY, "the number is missing", PLAIN),
    Bad("negative dividends", row("배당금,-1,,,,,"), QUANTITY, "'-1' is negative", "correct the amount"),
    Bad(
        "two prices of one code",
        "code,quantity,price\nVOO,1,500\nVOO,2,501\n",
        "holdings.csv, line 3, column 'price': ",
        "VOO has the price '501' on 2026-03-04, but 500 in line 2",
        "keep the right one",
        PriceError,
    ),
]


@pytest.mark.parametrize("bad", BAD, ids=lambda bad: bad.name)
def test_a_bad_file_is_refused_in_one_sentence(bad: Bad, tmp_path: Path) -> None:
    file = tmp_path / "holdings.csv"
    file.write_bytes(bad.text.encode() if isinstance(bad.text, str) else bad.text)
    with pytest.raises(bad.error) as caught:
        read_holdings(file, POLICY, ON)
    said = str(caught.value)
    assert bad.where in said
    assert bad.wrong in said
    assert "; expected " in said
    assert bad.fix in said.rsplit("; ", 1)[1]
    assert said.endswith(".")
    assert "\n" not in said
    assert caught.value.exit_code == 2
    korean = caught.value.message("ko")
    assert "holdings.csv" in korean
    assert "기대한 값" in korean
    assert sorted(tmp_path.iterdir()) == [file]


def test_without_an_account_column_two_accounts_are_named(tmp_path: Path) -> None:
    (tmp_path / "holdings.csv").write_text("code,quantity\nVOO,1\n")
    with pytest.raises(HoldingsError, match="the row names no account; expected one of main, isa"):
        read_holdings(tmp_path / "holdings.csv", TWO_ACCOUNTS, ON)


LOTS = "account,code,lot_id,date,quantity,cost,currency,tax_base\n"
GOOD = "main,VOO,a,2024-01-02,1,400,USD,\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("code,quantity\nVOO,1\n", "the headings found are code, quantity"),
        (LOTS + GOOD + GOOD, "lots.csv, line 3, column 'lot_id': lot 'a' of VOO is already in line 2"),
        (LOTS + "main,VOO,,2024-01-02,1,400,,\n", "'' is no lot_id of a lot"),
        (LOTS + "main,VOO,a,,1,400,,\n", "'' is no date of a lot"),
        (LOTS + "main,VOO,a,2024-01-02,0,400,,\n", "'0' is no quantity of a lot"),
        (LOTS + "main,VOO,a,2024-01-02,-1,400,,\n", "'-1' is negative"),
        (LOTS + "main,VOO,a,2024-01-02,1,,,\n", "'' is no cost of a lot"),
        (LOTS + "main,VOO,a,2024-01-02,1,-4,,\n", "'-4' is no cost of a lot"),
        (LOTS + "main,VOO,a,2024-01-02,1,₩4,,\n", "'₩4' carries the symbol ₩"),
        (LOTS + "main,69500,a,2024-01-02,1,4,,\n", "'69500' is a number"),
        (LOTS + "main,069500,a,2024-01-02,1.5,4,,\n", "1.5 is not a whole number of shares"),
        (LOTS + "old,VOO,a,2024-01-02,1,4,,\n", "'old' is not an account of the policy"),
        (LOTS + "main,VOO,a,2024-01-02,1,4,KRW,\n", "VOO is in KRW"),
    ],
)
def test_a_bad_lot_is_refused(text: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "lots.csv").write_text(text)
    with pytest.raises(HoldingsError) as caught:
        read_lots(tmp_path / "lots.csv", POLICY)
    assert said in str(caught.value)
    assert caught.value.exit_code == 2
