"""Excel workbooks (.xlsx, .xlsm, .xls) as documents: each visible sheet is the text table that it would be as CSV.

A cell keeps what Excel shows of it at full precision: a number to 15 significant digits (the binary tail behind them
is no part of an amount), a date as ISO text. Line numbers are row numbers of the sheet. The reader is python-calamine,
in a process of its own. What is decompressed, and how far a sheet may reach, is limited beforehand.
"""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

from rebalance_kit.errors import InputError
from rebalance_kit.textfile import sheet_reader
from rebalance_kit.textfile.document import Document
from rebalance_kit.words import Text

MOST_BYTES = 64 * 1024 * 1024  # of a workbook once decompressed
SECONDS = 60  # that reading a workbook may take
MOST_CELLS = 4_000_000  # of the rectangle around the cells of a sheet
_OLE = b"\xd0\xcf\x11\xe0"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_REFERENCE = re.compile(rb'<c [^>]*?r="([A-Z]{1,3})([0-9]{1,7})"')


def sheets(document: Document) -> tuple[Document, ...]:
    """The visible sheets of a workbook that say something, as documents; any other document as it is.

    Raises the document's error for a password, for an archive that is no workbook, for a broken or oversized one.
    """
    if not document.is_workbook:
        return (document,)
    _check(document)
    found = tuple(_read(document))
    if not found:
        raise _problem(document, "empty_file", _NOTHING, Text("a sheet with a table", "표가 있는 시트"), _DOWNLOAD)
    return found


def the_sheet(document: Document, fits: Callable[[Document], bool]) -> Document:
    """The one sheet that `fits`, the first when none does. Raises the document's error, naming them, when two do."""
    found = sheets(document)
    fitting = [sheet for sheet in found if fits(sheet)]
    if len(fitting) > 1:
        names = ", ".join(sheet.name for sheet in fitting)
        raise document.problem(
            "ambiguous_sheet",
            wrong=Text(f"the sheets {names} all hold such a table", f"{names} 시트에 모두 그런 표가 있습니다"),
            expected=Text("one sheet with the table", "표가 있는 시트 하나"),
            fix=Text("save the right sheet as CSV", "맞는 시트를 CSV로 저장해 주세요"),
        )
    return fitting[0] if fitting else found[0]


def _read(document: Document) -> Iterator[Document]:
    for name, text in _visible_sheets(document):
        if text.strip():
            yield Document(f"{document.name} [{name}]", text.encode(), document.error, document.data)


def _visible_sheets(document: Document) -> list[tuple[str, str]]:
    """Name and CSV text of each sheet, read by another process: a broken workbook can bring down the one it is in."""
    command = [sys.executable, "-I", str(Path(sheet_reader.__file__))]
    try:
        done = subprocess.run(  # noqa: S603  # our own interpreter and script, no shell
            command, input=document.data, capture_output=True, timeout=SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise _unreadable(document) from error
    if done.returncode == sheet_reader.NOT_INSTALLED:
        raise _problem(document, "no_excel_reader", _IS_EXCEL, _INSTALLED, _INSTALL)
    if done.returncode == sheet_reader.PASSWORD:
        raise _locked(document)
    if done.returncode != 0:
        raise _unreadable(document)
    return [(str(name), str(text)) for name, text in json.loads(done.stdout)]


def _check(document: Document) -> None:
    """Raise for what the reader must not be given."""
    if document.data.startswith(_OLE):
        if _ENCRYPTED in document.data:
            raise _locked(document)
        return
    try:
        with zipfile.ZipFile(io.BytesIO(document.data)) as archive:
            members = archive.infolist()
            if not any(member.filename == "xl/workbook.xml" for member in members):
                raise _problem(document, "not_a_workbook", _ARCHIVE, _SHEET_OR_CSV, _UNPACK)
            if sum(member.file_size for member in members) > MOST_BYTES:
                raise _too_large(document)
            for member in members:
                content = archive.read(member)  # also proves that the member is as large as it says
                if member.filename.startswith("xl/worksheets/") and _cells(content) > MOST_CELLS:
                    raise _too_large(document)
    except InputError:
        raise
    except Exception as error:  # zipfile, zlib and struct each raise their own at a broken archive
        raise _unreadable(document) from error


def _cells(sheet: bytes) -> int:
    """The size of the rectangle that a sheet reaches: the reader fills all of it."""
    columns, rows = 1, 1
    for found in _REFERENCE.finditer(sheet):
        column = 0
        for letter in found[1]:
            column = column * 26 + letter - 64
        columns, rows = max(columns, column), max(rows, int(found[2]))
    return columns * rows


def _locked(document: Document) -> InputError:
    return _problem(document, "password_protected", _PASSWORD, _SHEET_OR_CSV, _UNLOCK)


def _unreadable(document: Document) -> InputError:
    wrong = Text(
        "the file looks like an Excel workbook but cannot be read as one (broken, or protected)",
        "엑셀 파일처럼 보이지만 읽을 수 없습니다(손상되었거나 보호되어 있습니다)",
    )
    return _problem(document, "broken_workbook", wrong, _SHEET_OR_CSV, _SAVE_AGAIN)


def _too_large(document: Document) -> InputError:
    wrong = Text("the workbook is too large once opened", "엑셀 파일을 풀면 너무 큽니다")
    return _problem(document, "file_too_large", wrong, _SHEET_OR_CSV, _SAVE_AGAIN)


def _problem(document: Document, code: str, wrong: Text, expected: Text, fix: Text) -> InputError:
    return document.problem(code, wrong=wrong, expected=expected, fix=fix)


_PASSWORD = Text("the file is a password-protected Excel workbook", "암호가 걸린 엑셀 파일입니다")
_ARCHIVE = Text("the file is a ZIP archive, not an Excel workbook", "엑셀 파일이 아니라 ZIP 압축 파일입니다")
_NOTHING = Text("no sheet of the workbook holds anything", "엑셀 파일의 시트가 모두 비어 있습니다")
_IS_EXCEL = Text("the file is an Excel workbook and python-calamine is not installed",
                 "엑셀 파일인데 python-calamine이 설치되어 있지 않습니다")  # fmt: skip
_INSTALLED = Text("a CSV file, or the Excel reader", "CSV 파일 또는 엑셀을 읽는 패키지")
_SHEET_OR_CSV = Text("an Excel sheet (.xlsx, .xls) or a CSV file that opens without a password",
                     "암호 없이 열리는 엑셀 시트(.xlsx, .xls)나 CSV 파일")  # fmt: skip
_INSTALL = Text("run pip install python-calamine, or save the sheet as CSV",
                "pip install python-calamine을 실행하거나 시트를 CSV로 저장해 주세요")  # fmt: skip
_UNLOCK = Text("open it in Excel and save a copy without the password, or as CSV",
               "엑셀에서 열어 암호를 없앤 사본이나 CSV로 저장해 주세요")  # fmt: skip
_UNPACK = Text("unpack it and give the file inside", "압축을 풀어 안에 든 파일을 주세요")
_SAVE_AGAIN = Text("open it in Excel and save the sheet as CSV", "엑셀에서 열어 시트를 CSV로 저장해 주세요")
_DOWNLOAD = Text("download the positions again", "보유 종목 파일을 다시 내려받아 주세요")
