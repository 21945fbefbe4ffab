"""A file as it arrived: its bytes, their hash, their text and their rows.

The bytes are read once, so that what is hashed is what is read even if the file is replaced meanwhile. Text is UTF-8
(with or without a mark), UTF-16 with a mark, CP949, which Korean trading programs write, or Windows-1252, which Excel
writes in the West. Decoding is strict, so a character is never replaced by a question mark; as every byte is something
in Windows-1252, that is believed only of a text with few letters beyond ASCII, each of them usual.
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from rebalance_kit.errors import InputError
from rebalance_kit.words import Finding, Text, same

MAX_BYTES = 10 * 1024 * 1024
HEAD_ROWS = 100  # how far down a format looks for its marks
_MARK = "\ufeff"
_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]+")
_WESTERN = frozenset("ÄÖÜäöüßÀÁÂÃÇÈÉÊËÌÍÎÏÑÒÓÔÕØÙÚÛàáâãçèéêëìíîïñòóôõøùúûÅåÆæ®™©°–—‘’“”€£§·•…\xa0")
_UNSEEN = " \t\r\n\f\v\xa0\u200b\u200c\u200d\u2060\ufeff"  # blanks, seen or not, around a cell

# The first bytes of files that people hand over in place of a table, and what they are.
_KINDS: tuple[tuple[bytes, Text], ...] = (
    (b"PK\x03\x04", Text("an Excel workbook or a ZIP archive", "엑셀 통합 문서 또는 ZIP 파일")),
    (b"\xd0\xcf\x11\xe0", Text("an old or password-protected Excel workbook", "옛 형식이거나 암호가 걸린 엑셀 파일")),
    (b"%PDF", same("PDF")),
    (b"\x89PNG", Text("a PNG picture", "PNG 그림")),
    (b"\xff\xd8\xff", Text("a JPEG picture", "JPEG 그림")),
    (b"GIF8", Text("a GIF picture", "GIF 그림")),
    (b"\x1f\x8b", Text("a gzip archive", "gzip 압축 파일")),
    (b"SQLite format 3", Text("an SQLite database", "SQLite 데이터베이스")),
    (b"{", Text("a JSON document", "JSON 문서")),
    (b"<", Text("a web page or an XML document", "웹 페이지 또는 XML 문서")),
)


_LONE_RETURN = re.compile(r"\r(?!\n)")


class Row(NamedTuple):
    """One row of a table file: the line it starts on, and its cells without the blanks around them."""

    line: int
    cells: tuple[str, ...]


@dataclass(frozen=True)
class Document:
    """The bytes of one file. `error` is the exception that a problem of this file is raised as.

    `whole` are the bytes of the workbook that this is a sheet of: what was read, and so what is hashed.
    """

    name: str
    data: bytes
    error: type[InputError] = InputError
    whole: bytes = b""

    @cached_property
    def sha256(self) -> str:
        """The hash of the bytes that were read."""
        return hashlib.sha256(self.whole or self.data).hexdigest()

    @cached_property
    def kind(self) -> Text | None:
        """What the file is when it is plainly no text table (a picture, a workbook, a web page), else None."""
        start = self.data[:64].removeprefix(b"\xef\xbb\xbf").lstrip()
        return next((kind for first, kind in _KINDS if start.startswith(first)), None)

    @property
    def is_workbook(self) -> bool:
        """Whether the bytes are those of an Excel file, or of something that looks like one from outside."""
        return self.data.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"))

    @property
    def text(self) -> str:
        """The whole text. Raises the document's error when it is no text in a known encoding."""
        return self._decoded[0]

    @property
    def encoding(self) -> str:
        """UTF-8, UTF-16, CP949 or Windows-1252."""
        return self._decoded[1]

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Says so when the text is not UTF-8."""
        if self.encoding == "UTF-8":
            return ()
        message = Text(
            f"{self.name} was read as {self.encoding}", f"{self.name} 파일을 {self.encoding}(으)로 읽었습니다"
        )
        return (Finding("encoding", "info", message),)

    def rows(self, delimiter: str) -> Iterator[Row]:
        """The rows that say something: blank rows and `#` comment lines are left out.

        Raises the document's error at a quote that is never closed or at text after a closing quote.
        """
        lines = _Lines(self.text, delimiter)
        trimmed = str.strip if self.text.isascii() else _trimmed
        reader = csv.reader(lines, delimiter=delimiter, strict=True)
        while True:
            lines.between_rows = True
            try:
                cells = next(reader, None)
            except csv.Error as error:
                raise self.problem(
                    "broken_row",
                    wrong=Text(
                        f"the row cannot be split into cells ({error})", f"행을 칸으로 나눌 수 없습니다({error})"
                    ),
                    expected=Text("every opening quote to be closed before the next cell", "닫는 따옴표가 있는 칸"),
                    fix=Text("correct the quotes in this row", "이 행의 따옴표를 고쳐 주세요"),
                    line=lines.row_start,
                ) from error
            if cells is None:
                return
            stripped = tuple(map(trimmed, cells))
            if any(stripped):
                yield Row(lines.row_start, stripped)

    def head(self, delimiter: str) -> tuple[Row, ...]:
        """The first rows, as many as can be split by `delimiter`. Raises only when the text cannot be decoded."""
        if delimiter not in self._heads:
            rows: list[Row] = []
            _ = self.text
            with suppress(InputError):  # quotes that do not close are a fault of this delimiter, not yet of the file
                rows.extend(islice(self.rows(delimiter), HEAD_ROWS))
            self._heads[delimiter] = tuple(rows)
        return self._heads[delimiter]

    @cached_property
    def _heads(self) -> dict[str, tuple[Row, ...]]:
        return {}

    def problem(
        self,
        code: str,
        *,
        wrong: Text,
        expected: Text,
        fix: Text,
        line: int | None = None,
        column: str | None = None,
        error: type[InputError] | None = None,
    ) -> InputError:
        """The exception for a problem of this file, with its place; `error` overrides the document's own class."""
        where_en = self.name + (f", line {line}" if line else "") + (f", column '{column}'" if column else "")
        where_ko = self.name + (f" {line}행" if line else "") + (f" '{column}' 열" if column else "")
        return (error or self.error)(code, where=Text(where_en, where_ko), wrong=wrong, expected=expected, fix=fix)

    def no_table(self, wanted: Text, found: str | None = None) -> InputError:
        """The refusal of a file in which no table was recognised: what it is, or the headings it has."""
        if self.kind:
            wrong = Text(f"the file is {self.kind.en}, not a table", f"표가 아니라 {self.kind.ko}입니다")
        elif found:
            wrong = Text(f"the headings found are {found}", f"찾은 제목 행은 {found}입니다")
        else:
            wrong = Text("the file holds no row", "파일에 행이 없습니다")
        return self.problem(
            "no_table",
            wrong=wrong,
            expected=wanted,
            fix=Text(
                "save the table as CSV in UTF-8 with these headings", "이 제목 행을 가진 UTF-8 CSV로 저장해 주세요"
            ),
        )

    @cached_property
    def _decoded(self) -> tuple[str, str]:
        text, encoding = self._decode()
        if "\0" in text:
            raise self.problem(
                "nul_byte",
                wrong=Text("there is a NUL byte", "NUL 바이트가 있습니다"),
                expected=Text("plain text", "일반 텍스트"),
                fix=_SAVE_AS_UTF8,
                line=text.count("\n", 0, text.index("\0")) + 1,
            )
        return text, encoding

    def _decode(self) -> tuple[str, str]:
        if self.data.startswith((b"\xff\xfe", b"\xfe\xff")):
            candidates: tuple[tuple[str, str], ...] = (("utf-16", "UTF-16"),)
        else:
            candidates = (("utf-8-sig", "UTF-8"), ("cp949", "CP949"), ("cp1252", "Windows-1252"))
        for codec, encoding in candidates:
            with suppress(UnicodeDecodeError):
                text = self.data.decode(codec)
                if codec != "cp1252" or _is_western(text):
                    return text, encoding
        raise self.problem(
            "unknown_encoding",
            wrong=Text("the text is in no encoding that is read here", "읽을 수 있는 문자 인코딩이 아닙니다"),
            expected=Text(
                "UTF-8, UTF-16 with a byte-order mark, CP949 or Windows-1252",
                "UTF-8, 바이트 순서 표시가 있는 UTF-16, CP949, Windows-1252",
            ),
            fix=_SAVE_AS_UTF8,
        )


_SAVE_AS_UTF8 = Text("save the file again as CSV in UTF-8", "파일을 UTF-8 CSV로 다시 저장해 주세요")


def open_document(path: Path, error: type[InputError]) -> Document:
    """Read a file once. Raises `error` when it is not there, cannot be read, is empty or is larger than 10 MB."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as problem:
        raise _unreadable(path, error, problem) from problem
    document = Document(path.name, data, error)
    if len(data) > MAX_BYTES:
        raise document.problem(
            "file_too_large",
            wrong=Text("the file is larger than 10 MB", "파일이 10 MB보다 큽니다"),
            expected=Text("a table of at most 10 MB", "10 MB 이하의 표"),
            fix=Text("keep the rows that are needed", "필요한 행만 남겨 주세요"),
        )
    if not data.strip(b" \t\r\n\xef\xbb\xbf"):
        raise document.problem(
            "empty_file",
            wrong=Text("the file is empty", "파일이 비어 있습니다"),
            expected=Text("a heading row and a row for each entry", "제목 행과 항목별 행"),
            fix=Text("export or write it again", "다시 내보내거나 작성해 주세요"),
        )
    return document


def _unreadable(path: Path, error: type[InputError], problem: Exception) -> InputError:
    if isinstance(problem, FileNotFoundError):
        wrong = Text("there is no such file", "파일이 없습니다")
    else:
        reason = problem.strerror if isinstance(problem, OSError) and problem.strerror else str(problem)
        wrong = Text(f"the file cannot be read ({reason})", f"파일을 읽을 수 없습니다({reason})")
    return error(
        "unreadable_file",
        where=same(str(path)),
        wrong=wrong,
        expected=Text("a file that can be read", "읽을 수 있는 파일"),
        fix=Text("check the path and its permissions", "경로와 권한을 확인해 주세요"),
    )


def _is_western(text: str) -> bool:
    """Whether a text decoded as Windows-1252 can be one: rare accents and signs, no more than two side by side."""
    beyond = [run for run in _BEYOND_ASCII.findall(text) if run]
    letters = "".join(beyond)
    return set(letters) <= _WESTERN and all(len(run) <= 2 for run in beyond) and len(letters) * 10 <= len(text)


def _trimmed(cell: str) -> str:
    text = cell.strip()
    return text if text.isascii() else text.strip(_UNSEEN)


def _split_lines(text: str) -> Iterator[str]:
    """The lines of a text with their ends (\\n, \\r\\n or \\r), one at a time: most readers only look at the first."""
    if _LONE_RETURN.search(text):
        return iter(io.StringIO(text, newline=""))
    return _at_newlines(text)


def _at_newlines(text: str) -> Iterator[str]:
    start = 0
    while start < len(text):
        end = text.find("\n", start) + 1 or len(text)
        yield text[start:end]
        start = end


class _Lines:
    """The lines of a text for `csv.reader`, without comment lines; knows the line on which the current row starts.

    Only a line between rows can be a comment: inside a quoted cell `#` is text, and in the heading `#,code` it is the
    name of a column.
    """

    def __init__(self, text: str, delimiter: str) -> None:
        self._file = _split_lines(text)
        self._delimiter = delimiter
        self._line = 0
        self.between_rows = True
        self.row_start = 1

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self._next()
        if self.between_rows:
            while "#" in line and self._is_comment(line):
                line = self._next()
            self.row_start = self._line
            self.between_rows = False
        return line

    def _next(self) -> str:
        line = next(self._file)
        self._line += 1
        return line

    def _is_comment(self, line: str) -> bool:
        start = line.lstrip(f" {_MARK}")
        return start.startswith("#") and not start[1:].lstrip(" ").startswith(self._delimiter)
