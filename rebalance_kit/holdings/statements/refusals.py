"""Files that are no holdings: what each is, and what to download instead."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from rebalance_kit.errors import InputError
from rebalance_kit.holdings.statements.korean_mistakes import korean_refusal
from rebalance_kit.holdings.statements.tables import names
from rebalance_kit.textfile.cells import shown
from rebalance_kit.textfile.document import Document, Row
from rebalance_kit.textfile.table import DELIMITERS, normal
from rebalance_kit.words import Text


class _Thing(NamedTuple):
    """What the first bytes of a file say that it is."""

    start: bytes
    what: Text
    fix: Text


_PICTURE_FIX = Text(
    "a picture cannot be read: download the positions as CSV or Excel from your broker's site",
    "그림은 읽을 수 없으니 증권사 사이트에서 보유 종목을 CSV나 엑셀로 내려받아 주세요",
)
_CSV_FIX = Text(
    "download the positions as CSV or Excel from your broker's site",
    "증권사 사이트에서 보유 종목을 CSV나 엑셀로 내려받아 주세요",
)
_UNPACK = Text("unpack it and give the file inside", "압축을 풀어 안에 든 파일을 주세요")
_QUICKEN = Text(
    "choose CSV (spreadsheet) instead of Quicken or OFX when you download the positions",
    "보유 종목을 내려받을 때 Quicken이나 OFX 대신 CSV(스프레드시트)를 골라 주세요",
)
_EXPECTED = Text("a list of what is held: a table of codes and quantities", "보유 종목 목록: 종목코드와 수량이 있는 표")

_THINGS: tuple[_Thing, ...] = (
    _Thing(b"\xff\xd8\xff", Text("a JPEG picture", "JPEG 그림"), _PICTURE_FIX),
    _Thing(b"\x89PNG", Text("a PNG picture", "PNG 그림"), _PICTURE_FIX),
    _Thing(b"GIF8", Text("a GIF picture", "GIF 그림"), _PICTURE_FIX),
    _Thing(b"RIFF", Text("a picture or a recording", "그림 또는 녹음 파일"), _PICTURE_FIX),
    _Thing(b"BM", Text("a BMP picture", "BMP 그림"), _PICTURE_FIX),
    _Thing(b"II*\0", Text("a TIFF picture", "TIFF 그림"), _PICTURE_FIX),
    _Thing(b"MM\0*", Text("a TIFF picture", "TIFF 그림"), _PICTURE_FIX),
    _Thing(b"%PDF", Text("a PDF document", "PDF 문서"), _CSV_FIX),
    _Thing(b"{\\rtf", Text("a rich text document", "서식 있는 문서(RTF)"), _CSV_FIX),
    _Thing(b"\x1f\x8b", Text("a gzip archive", "gzip 압축 파일"), _UNPACK),
    _Thing(b"7z\xbc\xaf", Text("a 7-Zip archive", "7-Zip 압축 파일"), _UNPACK),
    _Thing(b"Rar!", Text("a RAR archive", "RAR 압축 파일"), _UNPACK),
    _Thing(b"SQLite format 3", Text("an SQLite database", "SQLite 데이터베이스"), _CSV_FIX),
    _Thing(b"OFXHEADER", Text("an OFX file for accounting programs", "회계 프로그램용 OFX 파일"), _QUICKEN),
    _Thing(b"<OFX", Text("an OFX file for accounting programs", "회계 프로그램용 OFX 파일"), _QUICKEN),
    _Thing(b"<?OFX", Text("an OFX file for accounting programs", "회계 프로그램용 OFX 파일"), _QUICKEN),
    _Thing(b"!Type:", Text("a QIF file for accounting programs", "회계 프로그램용 QIF 파일"), _QUICKEN),
    _Thing(b"!Account", Text("a QIF file for accounting programs", "회계 프로그램용 QIF 파일"), _QUICKEN),
)
_HTML = re.compile(rb"<!doctype html|<html|<head\b|<body\b|<script\b|<meta\b", re.IGNORECASE)
_LOGIN = re.compile(
    rb"type\s*=\s*[\"']?password|\blog[ -]?in\b|\bsign[ -]?in\b|password|session (has )?expired"
    + "|로그인|비밀번호|인증서".encode(),
    re.IGNORECASE,
)

_DATES = frozenset(map(normal, (
    "Date", "Run Date", "Trade Date", "Settlement Date", "Transaction Date", "TransactionDate", "Activity Date",
    "Activity/Trade Date", "Process Date", "Date/Time", "Posted Date", "Datum", "거래일", "거래일자", "매매일",
    "매매일자", "일자", "체결일", "체결일자", "주문일", "주문일자")))  # fmt: skip
_ACTIONS = frozenset(map(normal, (
    "Action", "Transaction Type", "TransactionType", "Activity Type", "Trans Code", "Buy/Sell", "Transaction",
    "Transaction Description", "Order Type", "Side", "Buchungswährung", "Fees & Comm", "Commission Fees",
    "거래구분", "매매구분", "거래종류", "거래유형", "적요", "적요명", "거래내용", "매도수량", "매수수량")))  # fmt: skip
_KIND_COLUMNS = frozenset(map(normal, ("Type", "Typ", "Kind", "구분")))
_KIND_WORDS = re.compile(
    r"(you )?(buy|bought|sell|sold|dividend|deposit|withdrawal|interest|fee|kauf|verkauf|einlage|entnahme|dividende"
    r"|zinsen|gebühren|매수|매도|입금|출금|배당금|배당금입금|이자)\b.*",
    re.IGNORECASE,
)
_REALISED = frozenset(map(normal, (
    "Closed Date", "Date Sold", "Proceeds", "Sale Date", "Date of Sale", "Realized Gain/Loss",
    "실현손익")))  # fmt: skip
_HELD = frozenset(map(normal, (
    "Current Value", "Market Value", "Mkt Val (Market Value)", "Total Value", "평가금액", "평가액", "보유수량",
    "잔고수량")))  # fmt: skip

# Whose transactions a heading is, and where its positions are found.
_WHERE: tuple[tuple[frozenset[str], Text], ...] = (
    (frozenset({normal("Run Date")}), Text(
        "download Portfolio > Positions > Download at Fidelity (Portfolio_Positions_*.csv)",
        "피델리티의 Portfolio > Positions > Download에서 Portfolio_Positions_*.csv를 내려받아 주세요")),
    (frozenset({normal("Fees & Comm")}), Text(
        "download Accounts > Positions > Export at Schwab",
        "슈왑의 Accounts > Positions > Export에서 내려받아 주세요")),
    (frozenset({normal("Transaction Description"), normal("Settlement Date")}), Text(
        "choose a download with holdings at Vanguard (OfxDownload.csv begins with Investment Name, Shares)",
        "뱅가드에서 보유 종목이 든 파일을 내려받아 주세요(OfxDownload.csv는 Investment Name, Shares로 시작합니다)")),
    (frozenset({normal("Activity/Trade Date")}), Text(
        "download Accounts > Portfolios > Download at E*TRADE (PortfolioDownload.csv)",
        "이트레이드의 Accounts > Portfolios > Download에서 PortfolioDownload.csv를 내려받아 주세요")),
    (frozenset({normal("Typ"), normal("Wert")}), Text(
        "export the table Reports > Statement of Assets of Portfolio Performance",
        "포트폴리오 퍼포먼스의 보고서 > 자산 명세 표를 내보내 주세요")),
)  # fmt: skip


def picture_or_archive(document: Document) -> InputError | None:
    """Why a file that is no text at all can hold no positions; None when it may be one."""
    start = document.data[:64].removeprefix(b"\xef\xbb\xbf").lstrip()
    thing = next((thing for thing in _THINGS if start.startswith(thing.start)), None)
    if thing is not None and not (thing.start == b"BM" and document.kind is None and b"," in document.data[:200]):
        return _refused(document, "not_a_table", _is(thing.what), thing.fix)
    if start[4:12] in (b"ftypheic", b"ftypheix", b"ftypmif1"):
        return _refused(document, "not_a_table", _is(Text("a HEIC picture", "HEIC 그림")), _PICTURE_FIX)
    return None


def refusal_of(document: Document) -> InputError | None:
    """Why a text that no format is sure of can hold no positions: a web page, or a list of transactions."""
    start = document.data[:64].removeprefix(b"\xef\xbb\xbf").lstrip()
    if start.startswith(b"<") or _HTML.search(document.data[:2000]):
        return _web_page(document) if _HTML.search(document.data[:20000]) else None
    return None if document.kind else korean_refusal(document) or _transactions(document)


def _web_page(document: Document) -> InputError:
    if _LOGIN.search(document.data):
        wrong = Text("the file is a web page that asks to log in, saved as a table",
                     "표로 저장되었지만 로그인을 요구하는 웹 페이지입니다")  # fmt: skip
        fix = Text("sign in at your broker again and repeat the download of the positions",
                   "증권사에 다시 로그인해 보유 종목을 내려받아 주세요")  # fmt: skip
        return _refused(document, "login_page", wrong, fix)
    wrong = Text("the file is a web page, not a table", "표가 아니라 웹 페이지입니다")
    return _refused(document, "web_page", wrong, _CSV_FIX)


def _transactions(document: Document) -> InputError | None:
    """The refusal of a list of purchases and sales: its quantities are no holdings."""
    for delimiter in DELIMITERS:
        head = document.head(delimiter)
        for number, row in enumerate(head[:30]):
            found = names(row.cells)
            if len(found) < 3 or found & _HELD:
                continue
            below = head[number + 1 : number + 6]
            if found & _REALISED:
                return _listed(document, row, Text("realised gains", "실현손익"), found)
            if found & _DATES and (found & _ACTIONS or _kinds(row, below)):
                return _listed(document, row, Text("transactions", "거래 내역"), found)
    return None


def _kinds(heading: Row, below: Sequence[Row]) -> bool:
    """Whether a column of kinds says buy, sell or dividend in most of the first rows."""
    for index, cell in enumerate(heading.cells):
        if normal(cell) in _KIND_COLUMNS:
            said = [row.cells[index] for row in below if index < len(row.cells) and row.cells[index]]
            if said and sum(bool(_KIND_WORDS.fullmatch(text)) for text in said) * 2 > len(said):
                return True
    return False


def _listed(document: Document, row: Row, what: Text, found: frozenset[str]) -> InputError:
    headings = ", ".join(shown(cell, 30) for cell in row.cells[:6] if cell)
    wrong = Text(f"the file lists {what.en} ({headings}, ...), not what is held",
                 f"보유 종목이 아니라 {what.ko} 파일입니다({headings}, ...)")  # fmt: skip
    fix = next((text for marks, text in _WHERE if marks <= found), _POSITIONS_FIX)
    return document.problem("not_holdings", wrong=wrong, expected=_EXPECTED, fix=fix, line=row.line)


def _is(what: Text) -> Text:
    return Text(f"the file is {what.en}, not a table", f"표가 아니라 {what.ko}입니다")


def _refused(document: Document, code: str, wrong: Text, fix: Text) -> InputError:
    return document.problem(code, wrong=wrong, expected=_EXPECTED, fix=fix)


_POSITIONS_FIX = Text(
    "download the positions (holdings, 잔고) instead of the transactions",
    "거래 내역 대신 잔고(보유 종목)를 내려받아 주세요",
)
