"""What a tax rule is: one number that was law from a day to a day, who says so, and how sure that is.

A number of a bill that is not law yet carries the name of the bill's switch; it counts only when the switch is on.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from rebalance_kit.money import plain
from rebalance_kit.words import Text

# How far the sources had been read when the tables were written: a later change of the law is not in them.
RULES_DATED = date(2026, 3, 1)


class Confidence(StrEnum):
    """How sure a number is."""

    HIGH = "high"  # the text of the law, the issuer, the tax office
    MEDIUM = "medium"  # several secondary sources agree
    LOW = "low"  # one article, a bill, or memory
    ASSUMED = "assumed"  # nobody's law: a figure that the person has not stated
    STATED = "stated"  # written in the policy's `tax.overrides`


CONFIDENCE_WORDS = {
    Confidence.HIGH: Text("confidence high", "신뢰도 높음"),
    Confidence.MEDIUM: Text("confidence medium", "신뢰도 보통"),
    Confidence.LOW: Text("confidence low: please check", "신뢰도 낮음, 확인이 필요합니다"),
    Confidence.ASSUMED: Text("an assumption: state your own", "가정값이므로 본인 값을 적어 주세요"),
    Confidence.STATED: Text("your own figure", "직접 적은 값"),
}


@dataclass(frozen=True, slots=True)
class Rule:
    """One number, in force from `start` to `until` (both included; None: until it is changed).

    A rate is a fraction, an amount is in the currency of its country. `bill` is the switch of an unconfirmed bill.
    """

    id: str
    title: Text
    value: Decimal
    start: date
    source: str
    confidence: Confidence
    until: date | None = None
    bill: str | None = None

    def covers(self, day: date) -> bool:
        """Whether the number was in force on a day."""
        return self.start <= day and (self.until is None or day <= self.until)

    def describe(self) -> Text:
        """The rule as one line: what, how much, since when, how sure, and who says so."""
        sure = CONFIDENCE_WORDS[self.confidence]
        value = plain(self.value)
        if self.confidence is Confidence.STATED:
            return Text(
                f"{self.id} = {value}: {self.title.en} ({sure.en})", f"{self.id} = {value}: {self.title.ko} ({sure.ko})"
            )
        until = "" if self.until is None else f"{self.until}"
        return Text(
            f"{self.id} = {value}: {self.title.en} ({self.start} to {until or 'now'}; {sure.en}; {self.source})",
            f"{self.id} = {value}: {self.title.ko} ({self.start}~{until}; {sure.ko}; {self.source})",
        )


def describe(rules: Iterable[Rule]) -> tuple[Text, ...]:
    """A line for each rule, and one for each table of brackets."""
    tables: dict[str, list[Rule]] = {}
    lines: dict[str, Text] = {}
    for rule in rules:
        found = _BRACKET.fullmatch(rule.id)
        if found:
            tables.setdefault(found[1], []).append(rule)
            lines.setdefault(found[1], Text("", ""))
        else:
            lines[rule.id] = rule.describe()
    return tuple(_table_line(name, tables[name]) if name in tables else line for name, line in lines.items())


_BRACKET = re.compile(r"(.+)_[0-9]+_(from|rate)")


def _table_line(name: str, rules: Sequence[Rule]) -> Text:
    """Brackets as `0: 10 %, 12400: 12 %, ...`; as sure as the least sure number."""
    value = {rule.id: plain(rule.value) for rule in rules}
    numbers = sorted({int(rule.id.split("_")[-2]) for rule in rules})
    rows = ", ".join(f"{value.get(f'{name}_{n}_from', '?')}: {value.get(f'{name}_{n}_rate', '?')}" for n in numbers)
    worst = max(rules, key=lambda rule: list(Confidence).index(rule.confidence))
    sure, title = CONFIDENCE_WORDS[worst.confidence], worst.title
    en, ko = title.en.split(":")[0], title.ko.split(":")[0]
    return Text(
        f"{name} ({rows}): {en} ({sure.en}; {worst.source})",
        f"{name} ({rows}): {ko} ({sure.ko}; {worst.source})",
    )


def steps(
    name: str,
    title: Text,
    rows: Sequence[tuple[str, str]],
    start: date,
    source: str,
    confidence: Confidence,
    until: date | None = None,
) -> Iterator[Rule]:
    """A table of brackets as single numbers: `<name>_1_from`, `<name>_1_rate`, ... Rows are (from, rate)."""
    for number, (lower, rate) in enumerate(rows, start=1):
        edge = Text(f"{title.en}: bracket {number} begins above", f"{title.ko}: {number}구간 시작 금액")
        share = Text(f"{title.en}: rate of bracket {number}", f"{title.ko}: {number}구간 세율")
        yield Rule(f"{name}_{number}_from", edge, Decimal(lower), start, source, confidence, until)
        yield Rule(f"{name}_{number}_rate", share, Decimal(rate), start, source, confidence, until)
