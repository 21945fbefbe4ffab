"""`rebalance import`: a summary first, then holdings.csv and lots.csv that read back to the digit; nothing is lost."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from rebalance_kit.errors import DecisionNeeded, HoldingsError, InputError, UsageError
from rebalance_kit.holdings.aids import aids_of
from rebalance_kit.holdings.files import read_holdings
from rebalance_kit.holdings.mapping import draft_mapping, read_mapping
from rebalance_kit.portfolio import open_portfolio
from rebalance_kit.portfolio.importing import Imported, import_statements
from rebalance_kit.textfile.document import Document
from tests.folders import contents, folder, rebalance
from tests.korean_files import LISTING
from tests.shapes import faults
from tests.statement_files import SAMPLES

ON = "2026-11-02"
FIDELITY = SAMPLES / "fidelity_three_accounts.csv"
LOTS = SAMPLES / "etrade_simple_lots.csv"
SAMSUNG = SAMPLES / "samsung_cp949.csv"
UNKNOWN = "내 자산표,,,,\n품번,품명,잔량,구입가,시세\n069500,KODEX 200,10,30000,32000\nCASH,예수금,500000,,\n"

IMPORT = {
    "files": [
        {
            "file": str,
            "format": str,
            "as_of": (str, None),
            "accounts": [
                {
                    "account": str,
                    "positions": [
                        {"code": str, "name": (str, None), "quantity": (int, str), "price": (str, None),
                         "value": (str, None), "cost": (str, None), "currency": str,
                         "lots": [{"lot_id": str, "date": (str, None), "quantity": (int, str), "cost": str}]}
                    ],
                    "cash": [{"currency": str, "amount": str}],
                    "total": (str, None),
                }
            ],
            "skipped": [{"row": int, "reason": str}],
            "findings": [{"rule": str, "severity": str, "message": str}],
        }
    ]
}  # fmt: skip


def imported(*names: Path, into: Path | None = None, write: bool = False, account: str | None = None) -> Imported:
    return import_statements(names, portfolio=into, write=write, on=ON, listing=LISTING, account=account)


def core(read: Imported) -> list[tuple[object, ...]]:
    """What the summaries say is held, without the order of files."""
    accounts = [account.to_dict() for file in read.files for account in file.accounts]
    return sorted((a["account"], json.dumps(a["positions"]), json.dumps(a["cash"])) for a in accounts)


# ---- the summary ----


@pytest.mark.parametrize("name", ["fidelity_three_accounts.csv", "etrade_simple_lots.csv", "samsung_cp949.csv"])
def test_the_json_is_that_of_the_interface(name: str) -> None:
    ran = rebalance("import", SAMPLES / name, "--listing", LISTING, "--on", ON, "--json")
    assert (ran.code, ran.err) == (0, "")
    assert faults(ran.document, IMPORT) == []


def test_a_dry_run_writes_nothing(tmp_path: Path) -> None:
    there = folder(tmp_path / "p")
    before = contents(there)
    ran = rebalance("import", SAMPLES / "nh_accounts.csv", "--portfolio", there, "--on", ON)
    assert ran.code == 0
    assert "Nothing was written" in ran.out
    assert contents(there) == before


def test_the_summary_in_korean(tmp_path: Path) -> None:
    ran = rebalance("import", SAMSUNG, "--listing", LISTING, "--on", ON, "--language", "ko")
    assert "7123456789-31 계좌 (ISA)  |  ₩1,670,000" in ran.out
    assert "아무것도 쓰지 않았습니다." in ran.out
    assert max(map(len, ran.out.splitlines())) <= 80


def test_totals_are_the_printed_ones_else_what_was_read() -> None:
    account = imported(SAMPLES / "schwab_margin.csv").files[0].accounts[0]
    assert account.printed is not None
    assert account.total == account.printed
    korean = imported(SAMSUNG).files[0].accounts
    assert [account.total for account in korean] == [Decimal(3350000), Decimal(1670000), Decimal(430800)]


def test_several_files_at_once_and_the_same_one_twice() -> None:
    assert [file.file.format for file in imported(FIDELITY, SAMSUNG).files] == ["fidelity", "samsung"]
    with pytest.raises(UsageError) as caught:
        imported(FIDELITY, FIDELITY)
    assert caught.value.code == "same_file_twice"


def test_pages_of_one_inquiry_are_one_file() -> None:
    read = imported(SAMPLES / "kis_page1.json", SAMPLES / "kis_page2.json")
    assert [file.name for file in read.files] == ["kis_page1.json + kis_page2.json"]


# ---- writing ----


@pytest.mark.parametrize("path", [FIDELITY, LOTS, SAMSUNG, SAMPLES / "kis_balance.json", SAMPLES / "mirae_irp.csv"])
def test_import_export_import_is_the_same_byte_for_byte(path: Path, tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    first.mkdir()
    second.mkdir()
    once = imported(path, into=first, write=True)
    again = imported(first / "holdings.csv", into=second, write=True)
    assert (first / "holdings.csv").read_bytes() == (second / "holdings.csv").read_bytes()
    assert [(a, c) for a, _, c in core(once)] == [(a, c) for a, _, c in core(again)]
    before, after = ([p for file in read.files for p in file.file.holdings.positions] for read in (once, again))
    assert before == after


def test_lots_are_written_and_read_by_the_portfolio(tmp_path: Path) -> None:
    imported(LOTS, into=tmp_path, write=True)
    lots = (tmp_path / "lots.csv").read_text(encoding="utf-8").splitlines()
    assert lots[0] == "account,code,lot_id,date,quantity,cost,currency,tax_base"
    assert len(lots) > 1


def test_what_was_there_is_kept_as_a_backup(tmp_path: Path) -> None:
    there = folder(tmp_path / "p")
    old = (there / "holdings.csv").read_bytes()
    read = imported(SAMPLES / "nh_accounts.csv", into=there, write=True)
    assert read.written is not None
    assert [path.name for path in read.written.backups] == ["holdings.backup-001.csv"]
    assert (there / "holdings.backup-001.csv").read_bytes() == old
    again = imported(SAMPLES / "nh_accounts.csv", into=there, write=True)
    assert again.written is not None
    assert again.written.files == ()


def test_the_imported_portfolio_opens(tmp_path: Path) -> None:
    there = folder(tmp_path / "p")
    imported(SAMPLES / "nh_accounts.csv", into=there, write=True)
    portfolio = open_portfolio(there, on=ON)
    assert portfolio.holdings.quantity("069500") == Decimal(50)
    assert portfolio.holdings.as_of == date(2026, 10, 30)


def test_accounts_that_the_files_do_not_name_are_kept(tmp_path: Path) -> None:
    imported(SAMSUNG, into=tmp_path, write=True)
    read = imported(SAMPLES / "nh_accounts.csv", into=tmp_path, write=True)
    assert read.written is not None
    assert read.written.kept_accounts == ("7123456789-01", "7123456789-31", "7123456789-51")
    held = read_holdings(tmp_path / "holdings.csv", None, date(2026, 11, 2)).holdings
    assert held.quantity("069500") == Decimal(200)
    assert held.cash_of("7123456789-01", "KRW") == Decimal(150000)


def test_one_account_in_two_files_is_not_added_up(tmp_path: Path) -> None:
    general, irp = SAMPLES / "hanwha_domestic.csv", tmp_path / "irp.csv"
    irp.write_text("종목명,보유수량,현재가\nKODEX 200,1,32000\n", encoding="utf-8")
    read = imported(general, irp)
    assert [finding.rule for finding in read.findings] == ["held_twice"]
    there = tmp_path / "p"
    there.mkdir()
    with pytest.raises(HoldingsError) as caught:
        imported(general, irp, into=there, write=True)
    assert caught.value.code == "held_twice"
    assert contents(there) == {}


def test_a_file_that_names_no_account_is_given_one(tmp_path: Path) -> None:
    imported(SAMPLES / "mirae_general.csv", into=tmp_path, write=True, account="mirae")
    read = imported(SAMPLES / "mirae_irp.csv", into=tmp_path, write=True, account="irp")
    assert read.written is not None
    assert read.written.kept_accounts == ("mirae",)
    with pytest.raises(UsageError, match="holds several accounts"):
        imported(SAMSUNG, account="one")


def test_after_a_run_the_broker_owns_the_holdings(tmp_path: Path) -> None:
    there = folder(tmp_path / "p", {"holdings.reconciled.csv": "# reconciled\n"})
    before = contents(there)
    with pytest.raises(DecisionNeeded) as caught:
        imported(SAMPLES / "nh_accounts.csv", into=there, write=True)
    assert caught.value.code == "holdings_owned"
    assert contents(there) == before
    assert rebalance("import", SAMPLES / "nh_accounts.csv", "--portfolio", there, "--write", "--on", ON).code == 5
    forced = rebalance("import", SAMPLES / "nh_accounts.csv", "--portfolio", there, "--write", "--force", "--on", ON)
    assert forced.code == 0


def test_a_code_that_reads_as_cash_is_not_written(tmp_path: Path) -> None:
    file = tmp_path / "f.json"
    file.write_text((SAMPLES / "kis_overseas_balance.json").read_text(encoding="utf-8").replace("QQQM", "CASH"))
    with pytest.raises(HoldingsError) as caught:
        imported(file, into=tmp_path, write=True)
    assert caught.value.code == "reserved_code"


def test_write_needs_a_folder(tmp_path: Path) -> None:
    assert rebalance("import", FIDELITY, "--write").code == 2
    assert rebalance("import", FIDELITY, "--portfolio", tmp_path / "none").code == 2


# ---- a mapping ----


def test_unknown_headings_offer_a_mapping_and_write_a_draft(tmp_path: Path) -> None:
    file = tmp_path / "mine.csv"
    file.write_text(UNKNOWN, encoding="utf-8")
    there = tmp_path / "p"
    there.mkdir()
    offered = rebalance("import", file, "--portfolio", there)
    assert offered.code == 2
    assert "mapping.yaml: with --portfolio DIR --write a draft of it is written" in offered.err
    assert contents(there) == {}
    drafted = rebalance("import", file, "--portfolio", there, "--write")
    assert drafted.code == 5
    assert list(contents(there)) == ["mapping.yaml"]
    assert rebalance("import", file, "--portfolio", there, "--write", "--on", ON).code == 0
    held = read_holdings(there / "holdings.csv", None, date(2026, 11, 2)).holdings
    assert (held.quantity("069500"), held.cash_of("main", "KRW")) == (Decimal(10), Decimal(500000))


def test_a_draft_guesses_columns_and_leaves_the_others_open() -> None:
    draft = draft_mapping(Document("mine.csv", UNKNOWN.encode()))
    assert draft is not None
    assert '  code: "품번"\n  name: "품명"\n  quantity: "잔량"\n  price: "시세"\n  value:\n' in draft
    assert draft_mapping(Document("x.csv", b"hello\nworld\n")) is None


def test_a_mapping_applies_to_a_holdings_file_of_the_folder(tmp_path: Path) -> None:
    file = tmp_path / "mine.csv"
    file.write_text("품번,잔량,단가USD\nVTI,2.5,250.10\n", encoding="utf-8")
    mapping = "columns:\n  code: 품번\n  quantity: 잔량\n  price: 단가USD\ncurrency: USD\naccount: us\n"
    (tmp_path / "mapping.yaml").write_text(mapping, encoding="utf-8")
    read = read_holdings(file, None, date(2026, 11, 2), aids=aids_of(tmp_path))
    (position,) = read.holdings.positions
    assert read.format == "mapped"
    assert (position.account, position.code, position.currency) == ("us", "VTI", "USD")
    assert read.quotes[0].price == Decimal("250.10")


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("columns:\n  quantty: 수량\n", 2, "did you mean quantity"),
        ("column:\n  code: x\n", 1, "did you mean columns"),
        ("columns:\n  code:\n  quantity:\n", 1, "no column has a heading"),
        ("columns:\n  code: [a]\n", 2, "code is not a text"),
        ("columns:\n  code: x\ncurrency: XXX\n", 3, "not a known currency"),
        ("- a\n", 1, "it has no sections"),
    ],
)
def test_a_bad_mapping_names_its_line(text: str, line: int, words: str, tmp_path: Path) -> None:
    path = tmp_path / "mapping.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read_mapping(path)
    assert f"mapping.yaml, line {line}: " in str(caught.value)
    assert words in str(caught.value)


# ---- files that are something else ----


@pytest.mark.parametrize(
    ("data", "code", "words"),
    [
        (b"\xff\xd8\xff\xe0photo", "not_a_table", "a JPEG picture"),
        (b"", "empty_file", "the file is empty"),
        (b"<html><form><input type='password'></form></html>", "login_page", "asks to log in"),
        (
            b"Run Date,Action,Symbol,Quantity,Price ($)\n09/01/2026,YOU BOUGHT,VTI,1,250\n",
            "not_holdings",
            "transactions",
        ),
        ((SAMPLES / "mirae_journal.csv").read_bytes(), "not_holdings", "a trading journal"),
        (
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"),
            "password_protected",
            "password",
        ),
    ],
)
def test_a_wrong_file_says_what_it_is(data: bytes, code: str, words: str, tmp_path: Path) -> None:
    path = tmp_path / "positions.csv"
    path.write_bytes(data)
    ran = rebalance("import", path, "--json")
    assert ran.code == 2
    assert ran.document["error"]["code"] == code
    assert words in ran.document["error"]["message"]
    told = rebalance("import", path)
    assert (told.code, told.out) == (2, "")
    assert len(told.err.splitlines()) == 1


def test_an_unknown_format_and_a_file_that_is_not_there(tmp_path: Path) -> None:
    assert rebalance("import", FIDELITY, "--format", "fidelty").code == 2
    assert rebalance("import", tmp_path / "none.csv").code == 2
    assert rebalance("import").code == 2
