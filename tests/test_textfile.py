"""Bytes to rows, and cells to exact values."""

from __future__ import annotations

import gc
from contextlib import suppress
from datetime import date
from decimal import Decimal
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rebalance_kit.errors import HoldingsError, InputError
from rebalance_kit.money import plain
from rebalance_kit.textfile.bulk import LARGE, without_pauses
from rebalance_kit.textfile.cells import CellError, NumberStyle, prove_style, read_date, read_number
from rebalance_kit.textfile.document import MAX_BYTES, Document, open_document
from rebalance_kit.textfile.table import Layout, Table, read_table
from rebalance_kit.words import same

LAYOUT = Layout(
    fields={"code": ("code", "종목코드"), "quantity": ("quantity", "수량", "보유수량"), "name": ("name", "종목명")},
    required=("code", "quantity"),
    numbers=frozenset({"quantity"}),
    wanted=same("code, quantity"),
)
KOREAN = "종목코드,종목명,수량\n069500,KODEX 200 국내주식,51\n"


def document(data: bytes | str) -> Document:
    return Document("file.csv", data.encode() if isinstance(data, str) else data, HoldingsError)


def table(data: bytes | str) -> Table:
    return read_table(document(data), LAYOUT)


def cells(data: bytes | str) -> list[tuple[str, ...]]:
    return [row.cells for row in table(data).rows]


def refusal(data: bytes | str) -> InputError:
    with pytest.raises(HoldingsError) as caught:
        quantities(data)
    return caught.value


def quantities(data: bytes | str) -> list[Decimal]:
    read = table(data)
    for row in read.rows:
        read.grid.check_width(row)
    return [read.number(row, "quantity") for row in read.rows]


@pytest.mark.parametrize(
    ("codec", "encoding", "findings"),
    [("utf-8", "UTF-8", 0), ("utf-8-sig", "UTF-8", 0), ("utf-16", "UTF-16", 1), ("cp949", "CP949", 1)],
)
def test_encodings(codec: str, encoding: str, findings: int) -> None:
    read = document(KOREAN.encode(codec))
    assert read.encoding == encoding
    assert cells(read.data) == [("069500", "KODEX 200 국내주식", "51")]
    assert len(read.findings) == findings  # a mark is no remark, another encoding is
    if findings:
        assert read.findings[0].message.en == f"file.csv was read as {encoding}"


def test_utf16_big_endian_with_its_mark() -> None:
    assert cells(b"\xfe\xff" + KOREAN.encode("utf-16-be")) == [("069500", "KODEX 200 국내주식", "51")]


def test_bytes_in_no_known_encoding_are_refused() -> None:
    assert refusal(b"code,quantity\nA,1\n\xff\xff,2\n").code == "unknown_encoding"


def test_a_nul_byte_is_refused_with_its_line() -> None:
    assert refusal("code,quantity\nA\0,1\n").where.en == "file.csv, line 2"


def test_utf16_without_a_mark_is_refused() -> None:
    assert refusal("code,quantity\nA,1\n".encode("utf-16-le")).code == "nul_byte"


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_the_delimiter_that_makes_the_headings_appear(delimiter: str) -> None:
    text = "code,quantity,name\n069500,51,KODEX 200\n".replace(",", delimiter)
    assert cells(text) == [("069500", "51", "KODEX 200")]


def test_delimiters_inside_quotes_are_text() -> None:
    assert cells('code;quantity;name\nA;1;"x;y"\nB;2;"p,q\tr"\n') == [("A", "1", "x;y"), ("B", "2", "p,q\tr")]


def test_headings_that_two_delimiters_give_are_refused() -> None:
    assert refusal("code;quantity\nA;1\ncode,quantity\nB,2\n").code == "ambiguous_delimiter"


def test_comments_blank_rows_and_line_ends() -> None:
    text = "\r\n# don't \"worry\r\ncode,quantity\r\n\r\n,,\r\nA,1\r\n  # more\r\nB,2"
    assert [(row.line, row.cells) for row in table(text).rows] == [(6, ("A", "1")), (8, ("B", "2"))]


def test_a_heading_called_number_sign_is_no_comment() -> None:
    assert cells("#,code,quantity\n1,A,5\n") == [("1", "A", "5")]


def test_a_quoted_cell_may_run_over_lines_and_keeps_its_number_sign() -> None:
    rows = table('code,quantity,name\nA,1,"two\n# lines"\nB,2,x\n').rows
    assert [(row.line, row.cells[2]) for row in rows] == [(2, "two\n# lines"), (4, "x")]


def test_rows_above_the_headings_are_the_preamble() -> None:
    read = table("My broker\nAccount 1, Main\ncode,quantity\nA,1\n")
    assert [row.line for row in read.grid.preamble] == [1, 2]
    assert [row.cells for row in read.rows] == [("A", "1")]


@pytest.mark.parametrize(
    ("text", "code", "where"),
    [
        ("code,quantity\nA\n", "short_row", "file.csv, line 2"),
        ("code,quantity\nA,1\nB,2,3\n", "long_row", "file.csv, line 3"),
        ('code,quantity\nA,1\n"B"x,2\n', "broken_row", "file.csv, line 3"),
        ('code,quantity\nA,1\n"B,2\nC,3\n', "broken_row", "file.csv, line 3"),
        ("code,quantity,code\nA,1,A\n", "two_columns", "file.csv, line 1"),
        ("code,수량,보유수량\nA,1,1\n", "two_columns", "file.csv, line 1"),
        ("code,quantity\nA,many\n", "not_a_number", "file.csv, line 2, column 'quantity'"),
    ],
)
def test_a_broken_table_names_its_line(text: str, code: str, where: str) -> None:
    error = refusal(text)
    assert (error.code, error.where.en) == (code, where)


def test_the_exact_heading_wins_over_a_synonym() -> None:
    assert table("보유수량,code,quantity\n9,A,1\n").columns == {"code": 1, "quantity": 2}


def test_trailing_empty_cells_are_no_error() -> None:
    read = table("code,quantity,\nA,1,,,\n")
    read.grid.check_width(read.rows[0])
    assert read.number(read.rows[0], "quantity") == 1


def test_missing_headings_are_listed_beside_the_wanted_ones() -> None:
    error = refusal("codes,amount\nA,1\n")
    assert "the headings found are codes, amount" in str(error)
    assert "expected code, quantity" in str(error)


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"PK\x03\x04...", "Excel workbook"),
        (b"\xd0\xcf\x11\xe0...", "password-protected"),
        (b"%PDF-1.7", "PDF"),
        (b"\x89PNG\r\n", "picture"),
        (b"\xef\xbb\xbf\n<!doctype html><title>login</title>", "web page"),
        (b'{"output1": []}', "JSON"),
    ],
)
def test_a_file_that_is_no_table_says_what_it_is(data: bytes, what: str) -> None:
    assert what in str(refusal(data))


def test_opening_a_file(tmp_path: Path) -> None:
    file = tmp_path / "h.csv"
    file.write_bytes(KOREAN.encode())
    opened = open_document(file, HoldingsError)
    file.write_bytes(b"replaced")
    assert opened.sha256 == sha256(KOREAN.encode()).hexdigest()
    assert opened.text == KOREAN


@pytest.mark.parametrize(("data", "code"), [(b"", "empty_file"), (b"\xef\xbb\xbf \r\n\t", "empty_file")])
def test_an_empty_file_is_refused(tmp_path: Path, data: bytes, code: str) -> None:
    (tmp_path / "h.csv").write_bytes(data)
    with pytest.raises(HoldingsError) as caught:
        open_document(tmp_path / "h.csv", HoldingsError)
    assert caught.value.code == code


def test_ten_megabytes_and_one_byte_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "h.csv"
    with file.open("wb") as out:
        out.truncate(MAX_BYTES + 1)
    with pytest.raises(HoldingsError, match="larger than 10 MB"):
        open_document(file, HoldingsError)


@pytest.mark.parametrize("name", ["missing.csv", ".", "a\0b"])
def test_a_path_that_cannot_be_read(tmp_path: Path, name: str) -> None:
    with pytest.raises(HoldingsError) as caught:
        open_document(tmp_path / name, HoldingsError)
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("51", "51"),
        ("069500", "69500"),
        ("1,234,567", "1234567"),
        ("1,234.50", "1234.50"),
        ("-12", "-12"),
        ("+12.5", "12.5"),
        ("−350,000", "-350000"),
        ("$1,234.50", "1234.50"),
        ("-$5", "-5"),
        ("$-5", "-5"),
        ("($126.93)", "-126.93"),
        ("(126.93)", "-126.93"),
        ("₩ 1,000", "1000"),
        ("￦1,000", "1000"),
        ("72,034원", "72034"),
        ("51 주", "51"),
        ("５１", "51"),
        ("１，２３４．５", "1234.5"),
        (".5", "0.5"),
        ('="51"', "51"),
        ("0.00012345678", "0.00012345678"),
    ],
)
def test_numbers_that_are_read(text: str, number: str) -> None:
    assert read_number(text) == Decimal(number)


@pytest.mark.parametrize(
    "text",
    ["", " ", "NaN", "nan", "inf", "-Infinity", "1e5", "1E5", "0x10", "1_000", "1,23", "12,34,567", "1,2345", "1 234",
     "1.234,56", "1.234.567", "5%", "5 %", "５％", "--5", "+-5", "(5", "5)", "(-5)", "5-", "5.", ",", ".", "1,",
     "0,123", "one", "=1+1", "@5", "5 USD", "٣", "Ⅴ", "½", "1" * 31],
)  # fmt: skip
def test_numbers_that_are_refused(text: str) -> None:
    with pytest.raises(CellError):
        read_number(text)


def test_a_percentage_says_that_it_is_one() -> None:
    with pytest.raises(CellError, match="'35%' is a percentage"):
        read_number("35%")


@pytest.mark.parametrize(
    ("numbers", "delimiter", "style"),
    [
        (["110,50", "1.105,00", "10"], ";", "comma"),
        (["110,50"], ";", "comma"),  # the semicolon is the second witness
        (["110,50", "42,00"], ",", "comma"),
        (["110,50"], ",", "point"),  # one such cell may be a slip: refused when it is read
        (["110,50", "1,234,567"], ";", "point"),  # contradicted
        (["1,234"], ",", "point"),
        (["1,234"], ";", "unproven"),
        (["1.234"], ";", "unproven"),
        (["1,234", "99.5"], ";", "point"),
        (["1234", "5"], ";", "point"),
    ],
)
def test_what_a_file_proves_about_its_decimals(numbers: list[str], delimiter: str, style: str) -> None:
    assert prove_style(numbers, delimiter) == style


def test_decimal_commas_where_the_file_proves_them() -> None:
    read = quantities("code;quantity\nA;10,5\nB;1.105,00\nC;1.234\n")
    assert read == [Decimal("10.5"), Decimal("1105"), Decimal("1234")]


def test_an_unproven_number_is_ambiguous() -> None:
    assert "decimal comma or with a decimal point" in str(refusal("code;quantity\nA;1,234\n"))
    assert "does not prove" in str(refusal('code,quantity\nA,"10,50"\n'))


def test_mixed_styles_are_refused() -> None:
    assert refusal('code;quantity\nA;"1.234,56"\nB;"1,234.56"\n').code == "ambiguous_number"


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-04",
        "2026/3/4",
        "2026.03.04",
        "2026. 3. 4.",
        "20260304",
        "2026년 3월 4일",
        "2026-03-04 15:30",
        "２０２６-03-04",
    ],
)
def test_dates_that_are_read(text: str) -> None:
    assert read_date(text) == date(2026, 3, 4)


@pytest.mark.parametrize("text", ["", "03/04/2026", "2026-13-01", "2026-02-30", "26-03-04", "2026-03/04", "today", "0"])
def test_dates_that_are_refused(text: str) -> None:
    with pytest.raises(CellError, match="is not a date"):
        read_date(text)


@given(st.decimals(-(10**12), 10**12, places=4), st.sampled_from([f"{{:{flags}f}}" for flags in ("", ",", "+,")]))
def test_a_printed_number_reads_back(number: Decimal, form: str) -> None:
    assert read_number(form.format(number)) == number
    assert read_number(plain(number)) == number


@given(st.binary(max_size=400))
def test_bytes_are_a_table_or_an_input_error(data: bytes) -> None:
    for start in (b"", b"code,quantity\n"):
        with suppress(InputError):
            quantities(start + data)


@given(st.text(max_size=60))
def test_a_cell_is_a_finite_number_or_a_cell_error(text: str) -> None:
    for style in NumberStyle:
        try:
            assert read_number(text, style).is_finite()
        except CellError:
            continue


def test_a_message_stays_on_one_line_whatever_the_cells_hold() -> None:
    error = refusal('"co\nde","quan\ttity\x07"\nA,1\n')
    assert r"co\nde, quan\ttity\x07" in str(error)
    assert "\n" not in str(error)


def test_a_large_file_is_read_without_pauses_and_the_collector_comes_back() -> None:
    assert gc.isenabled()
    with without_pauses(LARGE - 1):
        assert gc.isenabled()
    with suppress(ZeroDivisionError), without_pauses(LARGE):
        assert not gc.isenabled()
        raise ZeroDivisionError
    assert gc.isenabled()
    gc.disable()
    try:
        with without_pauses(LARGE):
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()
