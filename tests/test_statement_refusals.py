"""Files that are no holdings say what they are and what to download instead; a workbook is opened."""

from __future__ import annotations

import io
import zipfile
from contextlib import suppress
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rebalance_kit.errors import HoldingsError, InputError, PriceError
from rebalance_kit.holdings.lots import read_lot_document
from rebalance_kit.holdings.statements.base import Confidence
from rebalance_kit.holdings.statements.registry import FORMATS
from rebalance_kit.prices.files import read_price_document
from rebalance_kit.textfile.document import Document
from rebalance_kit.textfile.workbook import sheets
from tests.make import policy
from tests.statement_files import ON, SAMPLES, cash, held, prices, sample, statement

KOREA = policy("069500 100")
FIDELITY: list[list[object]] = [
    ["Account Number", "Account Name", "Symbol", "Description", "Quantity", "Last Price", "Current Value"],
    ["X1", "Individual", "SPAXX**", "HELD IN MONEY MARKET", None, None, 1500.25],
    ["X1", "Individual", "AAA", "ALPHA CORP", 10.1, 0.30000000000000004, 3.03],
]


def workbook(**named: list[list[object]]) -> bytes:
    """A small workbook, as Excel would write it."""
    data = io.BytesIO()
    kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    with zipfile.ZipFile(data, "w") as archive:
        listed = "".join(f'<sheet name="{n}" sheetId="{i}" r:id="rId{i}"/>' for i, n in enumerate(named, 1))
        links = "".join(
            f'<Relationship Id="rId{i}" Type="{kind}/worksheet" Target="worksheets/sheet{i}.xml"/>'
            for i in range(1, len(named) + 1)
        )
        archive.writestr(
            "[Content_Types].xml",
            '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
            '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            '<Default Extension="xml" ContentType="application/xml"/></Types>',
        )
        archive.writestr(
            "_rels/.rels",
            '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
            f'<Relationship Id="rId1" Type="{kind}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        )
        archive.writestr(
            "xl/_rels/workbook.xml.rels",
            f'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{links}</Relationships>',
        )
        archive.writestr(
            "xl/workbook.xml", f'<workbook xmlns="{main}" xmlns:r="{kind}"><sheets>{listed}</sheets></workbook>'
        )
        for i, rows in enumerate(named.values(), 1):
            body = "".join(_row(number, row) for number, row in enumerate(rows, 1))
            archive.writestr(
                f"xl/worksheets/sheet{i}.xml", f'<worksheet xmlns="{main}"><sheetData>{body}</sheetData></worksheet>'
            )
    return data.getvalue()


def _row(number: int, row: list[object]) -> str:
    cells = []
    for column, value in enumerate(row):
        where = f'r="{chr(65 + column)}{number}"'
        if isinstance(value, str):
            cells.append(f'<c {where} t="inlineStr"><is><t>{value}</t></is></c>')
        elif value is not None:
            cells.append(f"<c {where}><v>{value!r}</v></c>")
    return f'<row r="{number}">{"".join(cells)}</row>'


def test_a_workbook_is_read_like_the_table_in_it() -> None:
    file = statement(workbook(Notes=[["hello"]], Positions=FIDELITY), name="book.xlsx")
    assert held(file) == {"X1": {"AAA": "10.1"}}
    assert prices(file) == {"AAA": Decimal("0.3")}
    assert cash(file) == {("X1", "USD"): Decimal("1500.25")}
    assert file.quotes[0].source == "book.xlsx [Positions]"


def test_an_old_workbook_too() -> None:
    file = sample("excel_old.xls")
    assert held(file) == {"Z00000901": {"ABC": "10.1"}}
    assert str(file.holdings.as_of) == "2026-10-03"


def test_the_generic_table_reads_a_workbook_and_its_row_numbers() -> None:
    rows: list[list[object]] = [["종목코드", "보유수량"], [], ["069500", 5], ["114260", "x"]]
    with pytest.raises(HoldingsError, match=r"book.xlsx \[Sheet1\], line 4, column '보유수량'"):
        statement(workbook(Sheet1=rows), name="book.xlsx")
    assert held(statement(workbook(Sheet1=rows[:3]))) == {"main": {"069500": "5"}}


def test_the_hash_is_that_of_the_workbook() -> None:
    data = workbook(Positions=FIDELITY)
    (sheet,) = sheets(Document("book.xlsx", data))
    assert sheet.sha256 == Document("book.xlsx", data).sha256


def test_two_sheets_of_holdings_are_one_too_many() -> None:
    with pytest.raises(HoldingsError, match=r"\[A\], statement.csv \[B\] all hold a table of holdings"):
        statement(workbook(A=FIDELITY, B=FIDELITY))


def test_a_sheet_that_reaches_too_far_is_not_opened() -> None:
    data = workbook(A=[["x"]])
    far = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(far, "w") as new:
        for member in old.infolist():
            content = old.read(member).replace(b'r="A1"', b'r="XFD1048576"')
            new.writestr(member.filename, content)
    with pytest.raises(HoldingsError, match="too large once opened"):
        statement(far.getvalue())


HTML = "<!DOCTYPE html><html><body>{}</body></html>"


@pytest.mark.parametrize(
    ("data", "code", "what", "instead"),
    [
        (b"\xff\xd8\xff\xe0\0\x10JFIF", "not_a_table", "a JPEG picture", "download the positions as CSV or Excel"),
        (b"\x89PNG\r\n\x1a\n", "not_a_table", "a PNG picture", "a picture cannot be read"),
        (b"\0\0\0\x18ftypheic", "not_a_table", "a HEIC picture", "a picture cannot be read"),
        (b"%PDF-1.7\n", "not_a_table", "a PDF document", "download the positions as CSV or Excel"),
        (HTML.format('<input type="password">').encode(), "login_page", "asks to log in", "sign in at your broker"),
        (HTML.format("로그인이 필요합니다").encode(), "login_page", "asks to log in", "sign in at your broker again"),
        (HTML.format("hello").encode(), "web_page", "a web page", "download the positions"),
        (b"OFXHEADER:100\nDATA:OFXSGML\n", "not_a_table", "an OFX file", "choose CSV"),
        (b"!Type:Invst\n", "not_a_table", "a QIF file", "choose CSV"),
        (b"PK\x03\x04rubbish", "broken_workbook", "looks like an Excel workbook", "save the sheet as CSV"),
        (b"Run Date,Action,Symbol,Quantity,Price,Amount\n1/2/2026,YOU BOUGHT,VOO,1,2,3\n", "not_holdings",
         "lists transactions (Run Date, Action", "Portfolio_Positions_*.csv"),
        (b'"Date","Action","Symbol","Description","Quantity","Price","Fees & Comm","Amount"\n', "not_holdings",
         "lists transactions", "Positions > Export at Schwab"),
        (b"Date,Type,Symbol,Quantity,Price\n2026-01-02,Buy,VOO,1,2\n2026-01-03,Sell,VOO,1,2\n", "not_holdings",
         "lists transactions", "instead of the transactions"),
        (b"Symbol,Quantity,Closed Date,Proceeds,Cost Basis\nVOO,1,2026-01-02,5,4\n", "not_holdings",
         "lists realised gains", "instead of the transactions"),
        ("거래일자,거래구분,종목코드,수량,단가\n2026-01-02,매수,069500,1,2\n".encode("cp949"), "not_holdings",
         "lists transactions", "instead of the transactions"),
    ],
)  # fmt: skip
def test_what_it_is_and_what_to_download_instead(data: bytes, code: str, what: str, instead: str) -> None:
    with pytest.raises(HoldingsError) as caught:
        statement(data, name="file.csv")
    assert caught.value.code == code
    assert what in caught.value.message("en")
    assert instead in caught.value.message("en")
    assert caught.value.message("ko") != caught.value.message("en")


def test_a_password_is_said_to_be_one() -> None:
    locked = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600 + "EncryptedPackage".encode("utf-16-le")
    with pytest.raises(HoldingsError, match=r"a password-protected Excel workbook.*without the password"):
        statement(locked, name="locked.xlsx")


def test_a_dated_table_of_holdings_is_no_list_of_transactions() -> None:
    file = statement("date,type,code,quantity,price\n2026-01-02,ETF,VOO,1,2\n2026-01-02,Stock,AAA,1,2\n")
    assert held(file) == {"main": {"VOO": "1", "AAA": "1"}}


def test_every_sample_is_claimed_by_one_format_alone() -> None:
    brokers = ("beancount", "etrade", "excel", "fidelity", "ghostfolio", "ibkr", "portfolio", "schwab", "vanguard")
    for path in sorted(path for path in SAMPLES.iterdir() if path.name.startswith(brokers)):
        for sheet in sheets(Document(path.name, path.read_bytes(), HoldingsError)):
            sure = [known.name for known in FORMATS if known.recognise(sheet) is Confidence.CERTAIN]
            assert len(sure) == 1, (path.name, sure)


@given(
    st.binary(max_size=200),
    st.sampled_from([b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"<", b"{", b"\xff\xfe"]),
)
def test_any_bytes_are_holdings_or_an_error_of_ours(data: bytes, start: bytes) -> None:
    for bytes_ in (data, start + data):
        with suppress(InputError):
            statement(bytes_)


def test_prices_and_lots_may_be_workbooks_too() -> None:
    closes: list[list[object]] = [["date", "code", "price"], ["2026-01-02", "069500", 32000]]
    quotes = read_price_document(Document("p.xlsx", workbook(Notes=[["x"]], Closes=closes), PriceError), KOREA, ON)
    assert [(quote.code, quote.price) for quote in quotes.quotes] == [("069500", Decimal(32000))]
    rows: list[list[object]] = [
        ["code", "lot_id", "date", "quantity", "cost"],
        ["069500", "1", "2026-01-02", 5, 150000],
    ]
    (lot,) = read_lot_document(Document("l.xlsx", workbook(Lots=rows), HoldingsError), KOREA)
    assert (lot.quantity, lot.cost) == (Decimal(5), Decimal(150000))
    with pytest.raises(HoldingsError, match=r"l.xlsx \[A\], l.xlsx \[B\] all hold such a table"):
        read_lot_document(Document("l.xlsx", workbook(A=rows, B=rows), HoldingsError), KOREA)


def test_a_table_that_excel_saved_in_the_west() -> None:
    text = "Name;ISIN;WKN;Stück;Kurs;Währung\nMüller & Söhne – Größe;DE0000000001;A1;2;1,50;EUR\n"
    file = statement(text.encode("cp1252"))
    assert held(file) == {"main": {"DE0000000001": "2"}}
    assert file.holdings.positions[0].name == "Müller & Söhne – Größe"
    with pytest.raises(HoldingsError, match="in no encoding that is read here"):
        statement(b"code,quantity\nA\xfe\xfe\xfe,1\n")
