"""Codes against names: does a listing that the user supplies know each asset's code by the name in the policy?

Source document 000 has two codes that belong to other funds (definition 20); trading them would buy the wrong thing.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from pathlib import Path
from unicodedata import normalize

from rebalance_kit.errors import InputError
from rebalance_kit.policy.model import Asset, Policy
from rebalance_kit.policy.problems import at_line, show
from rebalance_kit.words import Finding, Severity, Text, same

CODE_HEADINGS = ("code", "symbol", "단축코드", "종목코드", "표준코드")
NAME_HEADINGS = ("name", "종목명", "한글종목약명", "한글 종목약명")
LARGEST_LISTING = 20_000_000  # bytes; the whole Korea Exchange takes a hundredth

# Korean fund houses that renamed all their ETFs: the old name is still the same fund.
RENAMED_BRANDS = {
    "KINDEX": "ACE",  # October 2022
    "ARIRANG": "PLUS",  # July 2024
    "KBSTAR": "RISE",  # September 2024
    "KOSEF": "KIWOOM",  # 2025
}
HANGUL = re.compile("[가-힣]")


def listing_findings(policy: Policy, listing: Mapping[str, str]) -> tuple[Finding, ...]:
    """A finding for each asset whose code the listing does not have, or has under another name.

    `listing` is code -> name. Names are compared without spaces, punctuation and case, and old brand names count as
    new ones. A name in another script than the listing's is not compared, and a finding says so.
    """
    codes = {normal_name(name): code for code, name in listing.items()}
    findings = (_finding(asset, listing, codes) for asset in policy.assets)
    return tuple(finding for finding in findings if finding is not None)


def normal_name(name: str) -> str:
    """A fund's name for comparison: `KBSTAR 200 (H)` and `rise200(h)` are the same."""
    words = normalize("NFKC", name).upper().split()
    if words:
        words[0] = RENAMED_BRANDS.get(words[0], words[0])
    return "".join(letter for letter in "".join(words).casefold() if letter.isalnum())


def _finding(asset: Asset, listing: Mapping[str, str], codes: Mapping[str, str]) -> Finding | None:
    code = show(asset.code)
    elsewhere = codes.get(normal_name(asset.ticker)) if asset.ticker else None
    hint = Text("", "")
    if elsewhere is not None:
        hint = Text(f"; that name has the code '{elsewhere}'", f". 이 이름의 코드는 '{elsewhere}'입니다")
    listed = listing.get(asset.code)
    if listed is None:
        return _say(
            "code_not_listed",
            "warning",
            asset,
            Text(
                f"{asset.name}: the listing has no code {code}{hint.en}.",
                f"{asset.name}: 목록에 코드 {code}이(가) 없습니다{hint.ko}.",
            ),
        )
    if asset.ticker is None or normal_name(asset.ticker) == normal_name(listed):
        return None
    if bool(HANGUL.search(asset.ticker)) != bool(HANGUL.search(listed)):
        return _say(
            "name_not_compared",
            "info",
            asset,
            Text(
                f"{asset.name}: the listing calls {code} {listed}; the two names are in different scripts.",
                f"{asset.name}: 목록에서 {code}의 이름은 {listed}입니다. 표기 문자가 달라 비교하지 않았습니다.",
            ),
        )
    return _say(
        "code_and_name_disagree",
        "warning",
        asset,
        Text(
            f"{asset.name}: the listing calls {code} {listed}{hint.en}.",
            f"{asset.name}: 목록에서 {code}의 이름은 {listed}입니다{hint.ko}.",
        ),
    )


def _say(rule: str, severity: Severity, asset: Asset, message: Text) -> Finding:
    return Finding(rule, severity, message, asset.code)


def read_listing(path: Path) -> dict[str, str]:
    """A listing as code -> name, from a CSV with a code and a name column (UTF-8 or CP949).

    InputError for a file that cannot be read, lacks one of the columns, or gives a code two names.
    """
    rows = list(csv.reader(_text(path).splitlines()))
    headings = [heading.strip().lower() for heading in rows[0]] if rows else []
    code_at = next((headings.index(name) for name in CODE_HEADINGS if name in headings), None)
    name_at = next((headings.index(name) for name in NAME_HEADINGS if name in headings), None)
    if code_at is None or name_at is None:
        raise InputError(
            "listing_columns",
            where=at_line(str(path), 1),
            wrong=Text(f"the headings are {show(', '.join(headings))}", f"머리글이 {show(', '.join(headings))}입니다"),
            expected=Text("a column `code` and a column `name`", "`code`(종목코드) 열과 `name`(종목명) 열"),
            fix=Text("name the two columns", "두 열의 머리글을 고치십시오"),
        )
    listing: dict[str, str] = {}
    for number, row in enumerate(rows[1:], start=2):
        if len(row) <= max(code_at, name_at):
            continue
        code, name = row[code_at].strip(), row[name_at].strip()
        if listing.setdefault(code, name) != name:
            raise _two_names(path, number, code, listing[code], name)
    return listing


def _two_names(path: Path, line: int, code: str, first: str, second: str) -> InputError:
    return InputError(
        "listing_two_names",
        where=at_line(str(path), line),
        wrong=Text(f"the code {show(code)} has two names", f"코드 {show(code)}의 이름이 둘입니다"),
        expected=same(f"{show(first)} / {show(second)}"),
        fix=Text("remove one of the rows", "두 행 중 하나를 지우십시오"),
    )


def _text(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            data = stream.read(LARGEST_LISTING)
        for encoding in ("utf-8-sig", "cp949"):
            try:
                return normalize("NFC", data.decode(encoding))
            except UnicodeDecodeError:
                continue
        reason = "neither UTF-8 nor CP949"
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
    raise InputError(
        "listing_unreadable",
        where=str(path),
        wrong=Text(f"the listing cannot be read ({reason})", f"목록을 읽을 수 없습니다({reason})"),
        expected=Text("a CSV file of codes and names", "종목 코드와 이름의 CSV 파일"),
        fix=Text("check its name, and save it as UTF-8", "파일 이름을 확인하고 UTF-8로 저장하십시오"),
    )
