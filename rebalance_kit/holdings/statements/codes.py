"""The symbols of statements as codes: one share class is spelled BRK.B, BRK/B, BRK-B, BRK B or BRKB."""

from __future__ import annotations

import re

from rebalance_kit.prices.codes import Codes
from rebalance_kit.textfile.cells import literal, shown
from rebalance_kit.words import Finding, Text

_SHARE = re.compile(r"[0-9]{1,12}|(?=[A-Z0-9./-]*[A-Z])[A-Z0-9][A-Z0-9./-]{0,11}")
_WITH_CLASS = re.compile(r"([A-Z0-9]{1,6})[ ./-]([A-Z]{1,4})")
_LONGEST = 12  # of a code outside Korea
_JOINTS = re.compile(r"[ ./-]")


def statement_code(codes: Codes, symbol: str, currency: str, line: int, findings: list[Finding]) -> str | None:
    """The code of a statement's symbol, None when it is no exchange's symbol. Every change is a finding.

    A code of the policy that is the same share spelled otherwise is the one that is meant. Raises CellError when the
    symbol is what a spreadsheet left of a code.
    """
    text = literal(symbol)
    if text in codes.known or (not codes.known and text.isalpha() and text.isupper() and len(text) <= _LONGEST):
        return text
    same = [known for known in codes.known if _same_share(known, text)]
    if len(same) == 1:
        findings.append(_taken(line, text, same[0]))
        return same[0]
    classed = _WITH_CLASS.fullmatch(text)
    if classed and " " in text:
        dotted = f"{classed[1]}.{classed[2]}"
        findings.append(_taken(line, text, dotted))
        return dotted
    if currency == "KRW" and re.fullmatch(r"[0-9A-Z]{6}\.(KS|KQ)", text):
        findings.append(_taken(line, text, text[:6]))
        return text[:6]
    if currency != "KRW" and text != text.upper() and _SHARE.fullmatch(text.upper()) and not text.islower():
        findings.append(_taken(line, text, text.upper()))  # MUV2d, as Interactive Brokers marks the exchange
        return text.upper()
    if currency != "KRW" and (text == "N/A" or not _SHARE.fullmatch(text)):
        return None
    return codes.read(symbol, currency)


def _same_share(known: str, text: str) -> bool:
    """Whether two spellings differ only in the joint before a class of shares."""
    if known[:1] != text[:1]:
        return False
    return _JOINTS.sub("", known) == _JOINTS.sub("", text)


def _taken(line: int, text: str, code: str) -> Finding:
    text = shown(text)
    message = Text(f"{text} in line {line} is taken as {code}", f"{line}행의 {text}을(를) {code}(으)로 봅니다")
    return Finding("code_spelling", "info", message, code)
