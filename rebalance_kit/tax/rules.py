"""Which tax rule is in force on a day, with what the person overrides, and which rules a figure has used.

book = rule_book(policy)                     the tables under the policy's `tax.overrides`
reading = book.on(date(2026, 3, 4))
reading.value("kr_overseas_deduction")       2,500,000
reading.used                                 every rule that was read, for the report
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from fractions import Fraction
from itertools import chain, count

from rebalance_kit.arguments import nearest
from rebalance_kit.errors import PolicyError, RuleError
from rebalance_kit.policy.model import Policy
from rebalance_kit.tax.cost_table import COSTS
from rebalance_kit.tax.korea_table import KOREA
from rebalance_kit.tax.records import Confidence, Rule
from rebalance_kit.tax.us_table import UNITED_STATES
from rebalance_kit.words import Text, same

ALL_RULES: tuple[Rule, ...] = (*KOREA, *UNITED_STATES, *COSTS)


def _by_id() -> Mapping[str, tuple[Rule, ...]]:
    found: dict[str, tuple[Rule, ...]] = {}
    for rule in ALL_RULES:
        found[rule.id] = (*found.get(rule.id, ()), rule)
    return found


_RECORDS = _by_id()


@dataclass(frozen=True, slots=True)
class RuleBook:
    """The tables, and the numbers that replace them by id."""

    overrides: Mapping[str, Decimal] = field(default_factory=dict)

    def rule(self, name: str, day: date) -> Rule:
        """The record of `name` on a day. RuleError `no_tax_rule` when none covers it; KeyError for an unknown name."""
        records = _RECORDS[name]
        if name in self.overrides:
            title = records[-1].title
            return Rule(name, title, self.overrides[name], date.min, "tax.overrides", Confidence.STATED)
        covering = [rule for rule in records if rule.covers(day) and self._counts(rule)]
        if not covering:
            raise _no_rule(name, records, day)
        # A bill that is switched on comes before the law that it changes, a later start before an earlier one.
        return max(covering, key=lambda rule: (rule.bill is not None, rule.start))

    def on(self, day: date) -> Reading:
        """A reading of the rules of one day, which remembers what was read."""
        return Reading(self, day)

    def _counts(self, rule: Rule) -> bool:
        return rule.bill is None or self.overrides.get(rule.bill) == 1


class Reading:
    """The rules of one day as one computation reads them; `used` says which, sorted by id.

    Made anew for each figure: what it remembers belongs to that figure.
    """

    def __init__(self, book: RuleBook, day: date) -> None:
        self.book = book
        self.day = day
        self._used: dict[str, Rule] = {}

    def value(self, name: str) -> Decimal:
        """The number of a rule."""
        if name not in self._used:
            self._used[name] = self.book.rule(name, self.day)
        return self._used[name].value

    def fraction(self, name: str) -> Fraction:
        """The number of a rule, for exact arithmetic."""
        return Fraction(self.value(name))

    def brackets(self, name: str) -> tuple[tuple[Fraction, Fraction], ...]:
        """The table `name` as (income above which, rate), lowest first."""
        rows = []
        for number in count(1):
            if f"{name}_{number}_from" not in _RECORDS:
                break
            rows.append((self.fraction(f"{name}_{number}_from"), self.fraction(f"{name}_{number}_rate")))
        return tuple(rows)

    @property
    def used(self) -> tuple[Rule, ...]:
        """Every rule that was read so far."""
        return tuple(self._used[name] for name in sorted(self._used))


def rule_book(policy: Policy) -> RuleBook:
    """The rules under the policy's overrides. PolicyError `unknown_tax_rule` for an override of no rule."""
    for name in policy.tax.overrides:
        if name not in _RECORDS:
            raise _unknown(name)
    return RuleBook(dict(policy.tax.overrides))


def rule_names() -> tuple[str, ...]:
    """Every id that `tax.overrides` may name, sorted."""
    return tuple(sorted(_RECORDS))


def merged(*parts: tuple[Rule, ...]) -> tuple[Rule, ...]:
    """Each rule once, sorted by id and start."""
    return tuple(sorted(set(chain(*parts)), key=lambda rule: (rule.id, rule.start)))


def _no_rule(name: str, records: tuple[Rule, ...], day: date) -> RuleError:
    law = [rule for rule in records if rule.bill is None]
    spans = ", ".join(f"{rule.start} to {rule.until or 'now'}" for rule in law or records)
    bill = records[0].bill if not law else None
    fix = Text(
        f"state it as tax.overrides.{name} in portfolio.yaml", f"portfolio.yaml의 tax.overrides.{name}에 적어 주세요"
    )
    if bill:
        fix = Text(
            f"set tax.overrides.{bill} to 1 to count the bill", f"법안을 적용하려면 tax.overrides.{bill}을 1로 두십시오"
        )
    return RuleError(
        "no_tax_rule",
        where=Text(f"tax rule {name}", f"세법 규칙 {name}"),
        wrong=Text(f"no record covers {day}", f"{day}에 해당하는 기록이 없습니다"),
        expected=Text(f"a day within {spans}", f"{spans} 안의 날짜"),
        fix=fix,
    )


def _unknown(name: str) -> PolicyError:
    near = nearest(name, rule_names())
    return PolicyError(
        "unknown_tax_rule",
        where=same(f"tax.overrides.{name}"),
        wrong=Text("no tax rule has this name", "이런 이름의 세법 규칙이 없습니다"),
        expected=same(near)
        if near
        else Text("the id of a rule that a tax report lists", "세금 보고서에 나오는 규칙 이름"),
        fix=Text("correct the name or remove it", "이름을 고치거나 지우십시오"),
    )
