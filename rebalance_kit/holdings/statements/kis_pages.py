"""Replies of the KIS API as files: one page, several pages in a list, or a reply kept with its request and headers.

Every number is text, sometimes with blanks or a plus before it, and empty for nothing. Pages repeat the totals of the
whole account, so they are taken once; a reply that goes on says so (`msg_cd` KIOK0500, or `tr_cont` F or M).
Source: the KIS developers' specification of inquire-balance.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from rebalance_kit.errors import InputError
from rebalance_kit.holdings.statements.jsons import json_of, looks_like_json
from rebalance_kit.textfile.cells import quoted
from rebalance_kit.textfile.document import Document, Row
from rebalance_kit.words import Text

Json = Mapping[str, Any]

_NUMBER = re.compile(r"[+-]?[0-9]{1,30}(\.[0-9]{1,20})?")
_ROWS = re.compile(r'"(?:ovrs_pdno|pdno)"\s*:')
_ACCOUNT = re.compile(r"([0-9]{8})!\^([0-9]{2})!\^")
_MORE = "KIOK0500"  # "the inquiry goes on"


@dataclass(frozen=True, slots=True)
class Page:
    """One reply. `more` says that another page follows it; `account` is its number where the reply shows it."""

    body: Json
    more: bool
    account: str | None

    def rows(self, key: str) -> tuple[Json, ...]:
        """The objects under a key, which may hold a list, one object, an empty one or nothing."""
        found = self.body.get(key)
        rows = found if isinstance(found, list) else [found]
        return tuple(row for row in rows if isinstance(row, dict) and any(str(value).strip() for value in row.values()))


def pages_of(document: Document) -> tuple[Page, ...] | None:
    """The replies in a document, None when it holds none. Raises the document's error for broken JSON."""
    if not looks_like_json(document) or "rt_cd" not in document.text:
        return None
    whole = json_of(document)
    if isinstance(whole, dict) and isinstance(whole.get("pages"), list):
        whole = whole["pages"]
    found = tuple(_page(each) for each in (whole if isinstance(whole, list) else [whole]))
    pages = tuple(page for page in found if page is not None)
    return pages if pages and len(pages) == len(found) else None


def refuse_failure(document: Document, pages: Sequence[Page]) -> None:
    """Raise when a reply is not an answer but an error of the API."""
    for page in pages:
        code = str(page.body.get("rt_cd", "")).strip()
        if code != "0":
            said = quoted(" ".join(str(page.body.get("msg1") or page.body.get("msg_cd") or code).split()))
            raise document.problem(
                "failed_reply",
                wrong=Text(f"the reply of the API is an error ({said})", f"API 응답이 오류입니다({said})"),
                expected=Text("a reply with rt_cd 0", "rt_cd가 0인 응답"),
                fix=Text("ask for the balance again and keep that reply", "잔고를 다시 조회해 그 응답을 저장해 주세요"),
            )


def lines_of_rows(document: Document) -> Iterator[int]:
    """The lines on which the rows of all pages name their codes, then the last again and again."""
    text, line, at = document.text, 1, 0
    for match in _ROWS.finditer(text):
        line += text.count("\n", at, match.start())
        at = match.start()
        yield line
    while True:
        yield line


def line_of(document: Document, key: str) -> int:
    """The line on which a key stands for the first time."""
    text = document.text
    return text.count("\n", 0, max(text.find(f'"{key}"'), 0)) + 1


def amount(document: Document, row: Json, key: str, line: int) -> Decimal | None:
    """The number under a key, None for an empty text or no key. Raises the document's error for anything else."""
    text = str(row.get(key, "")).strip()
    if not text or text == "None":
        return None
    if not _NUMBER.fullmatch(text):
        raise document.problem(
            "not_a_number",
            wrong=Text(f"{quoted(text)} is not a number", f"{quoted(text)}은(는) 숫자가 아닙니다"),
            expected=Text("digits with at most one point", "숫자와 소수점"),
            fix=Text("keep the reply as the API gave it", "API가 준 응답을 그대로 저장해 주세요"),
            line=line,
            column=key,
        )
    return Decimal(text)


def needed(document: Document, row: Json, key: str, line: int) -> Decimal:
    """The number under a key that must be there."""
    found = amount(document, row, key, line)
    if found is None:
        raise document.problem(
            "not_a_number",
            wrong=Text("the number is missing", "숫자가 없습니다"),
            expected=Text(f"a number under {key}", f"{key}의 숫자"),
            fix=Text("keep the reply as the API gave it", "API가 준 응답을 그대로 저장해 주세요"),
            line=line,
            column=key,
        )
    return found


def joined(documents: Sequence[Document]) -> Document:
    """Several replies as one document: the pages of one inquiry."""
    data = b",".join(document.data.removeprefix(b"\xef\xbb\xbf") for document in documents)
    return Document(" + ".join(document.name for document in documents), b"[" + data + b"]", documents[0].error)


def belong_together(first: Document, second: Document) -> bool:
    """Whether two documents are pages of one inquiry: one account, the same totals, and one of them goes on."""
    try:
        pages = [pages_of(first), pages_of(second)]
    except InputError:
        return False
    if pages[0] is None or pages[1] is None:
        return False
    both = (*pages[0], *pages[1])
    same = all(page.body.get("output2") == both[0].body.get("output2") for page in both)
    return same and len({page.account for page in both}) == 1 and any(page.more for page in both)


def at(line: int) -> Row:
    """The place of something in a reply."""
    return Row(line, ())


def _page(whole: Any) -> Page | None:
    if not isinstance(whole, dict):
        return None
    headers: Json = {}
    account = None
    if isinstance(whole.get("body"), dict):
        http, request = whole.get("_http") or {}, whole.get("_request") or {}
        headers = http.get("headers") or {} if isinstance(http, dict) else {}
        query = request.get("query") or {} if isinstance(request, dict) else {}
        if query.get("CANO"):
            account = f"{query['CANO']}-{query.get('ACNT_PRDT_CD') or '01'}"
        whole = whole["body"]
    if "rt_cd" not in whole:
        return None
    more = str(whole.get("msg_cd", "")) == _MORE or str(headers.get("tr_cont", "")).strip() in ("F", "M")
    return Page(whole, more, account or _account(whole))


def _account(body: Json) -> str | None:
    """The account in the key of the next page, else in the rows; a reply of the mock shows none."""
    for key in ("ctx_area_fk100", "ctx_area_fk200", "ctx_area_fk"):
        found = _ACCOUNT.match(str(body.get(key, "")))
        if found:
            return f"{found[1]}-{found[2]}"
    rows = body.get("output1")
    first = rows[0] if isinstance(rows, list) and rows and isinstance(rows[0], dict) else {}
    return f"{first['cano']}-{first.get('acnt_prdt_cd') or '01'}" if first.get("cano") else None
