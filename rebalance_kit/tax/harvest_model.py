"""What can be harvested, lot by lot: the values with their JSON, table and notebook display."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING

from rebalance_kit.frames import frame, html_table
from rebalance_kit.money import ZERO, exact_sum, plain, show_money, show_percent
from rebalance_kit.tax.korea import YearSplit
from rebalance_kit.tax.model import STATEMENT
from rebalance_kit.tax.records import RULES_DATED, Rule, describe
from rebalance_kit.tax.rounding import estimate_rounding
from rebalance_kit.words import Finding, Language, Text

if TYPE_CHECKING:
    import pandas as pd

TABLE_COLUMNS = (
    "account", "code", "lot_id", "quantity", "gain", "gain_pct", "action", "tax_saved", "cost", "blocked_until",
    "days_to_long_term", "replacement", "reason",
)  # fmt: skip


class Action(StrEnum):
    LOSS = "harvest_loss"
    GAIN = "harvest_gain"
    NONE = "none"


ACTION_WORDS: Mapping[Action, Text] = {
    Action.LOSS: Text("harvest loss", "손실 실현"),
    Action.GAIN: Text("harvest gain", "이익 실현"),
    Action.NONE: Text("none", "없음"),
}
_HEADINGS = (
    Text("Code", "코드"), Text("Lot", "로트"), Text("Shares", "수량"), Text("Gain", "손익"), Text("Gain %", "수익률"),
    Text("Action", "조치"), Text("Tax saved", "절세액"), Text("Cost", "비용"), Text("Why", "사유"),
)  # fmt: skip
_CAPTION = Text("Harvest | {on} | deduction left {left}", "손익 실현 | {on} | 남은 공제 {left}")


@dataclass(frozen=True, slots=True)
class Candidate:
    """One lot, and what to do with it today. Amounts are in the base currency.

    `quantity` are the shares to sell (of a lot that is left alone: its shares), `gain` what they gain, `gain_pct` that
    as a share of their cost; both None when the cost is not known. `tax_saved` is this year's for a loss, a later
    year's for a gain; `cost` the round trip. `conflicts` are purchases that would wash the loss, `blocked_until` the
    first day without them. `rebuy_from` is the first day on which the same thing may be bought again.
    """

    account: str
    code: str
    name: str
    lot_id: str
    quantity: Decimal
    gain: Decimal | None
    gain_pct: Decimal | None
    action: Action
    reason: Text
    tax_saved: Decimal = ZERO
    cost: Decimal = ZERO
    conflicts: tuple[Text, ...] = ()
    blocked_until: date | None = None
    replacement: str | None = None
    rebuy_from: date | None = None
    days_to_long_term: int | None = None
    fractional: bool = False

    def to_dict(self, language: Language) -> dict[str, object]:
        """The lot as JSON; a quantity is an integer where accounts hold whole shares and it is one."""
        whole = not self.fractional and self.quantity == int(self.quantity)
        return {
            "account": self.account,
            "code": self.code,
            "name": self.name,
            "lot_id": self.lot_id,
            "quantity": int(self.quantity) if whole else plain(self.quantity),
            "gain": _or_null(self.gain),
            "gain_pct": _or_null(self.gain_pct),
            "action": str(self.action),
            "tax_saved": plain(self.tax_saved),
            "cost": plain(self.cost),
            "conflicts": [conflict.of(language) for conflict in self.conflicts],
            "blocked_until": None if self.blocked_until is None else self.blocked_until.isoformat(),
            "replacement": self.replacement,
            "reason": self.reason.of(language),
            "rebuy_from": None if self.rebuy_from is None else self.rebuy_from.isoformat(),
            "days_to_long_term": self.days_to_long_term,
        }


@dataclass(frozen=True, slots=True, repr=False)
class Harvest:
    """Every lot with what can be done about it on one date.

    `deduction` is the yearly amount (Korea: gains free of tax; United States: losses against other income) and
    `deduction_left` what is left of it. `split` weighs one year against two for all overseas gains at once, where they
    exceed what is left.
    """

    as_of: date
    base_currency: str
    realised_gain_ytd: Decimal
    deduction: Decimal
    deduction_left: Decimal
    candidates: tuple[Candidate, ...]
    rules: tuple[Rule, ...]
    findings: tuple[Finding, ...]
    split: YearSplit | None = None
    language: Language = "en"

    @property
    def actions(self) -> tuple[Candidate, ...]:
        """The lots with something to do."""
        return tuple(row for row in self.candidates if row.action is not Action.NONE)

    @property
    def tax_saved(self) -> Decimal:
        """What all actions save together."""
        return exact_sum(row.tax_saved for row in self.actions)

    def to_dict(self, language: Language | None = None) -> dict[str, object]:
        """The JSON of `harvest --json`: money and rates are strings."""
        shown, amounts = language or self.language, self.split_amounts()
        return {
            "as_of": self.as_of.isoformat(),
            "rules_dated": RULES_DATED.isoformat(),
            "base_currency": self.base_currency,
            "realised_gain_ytd": plain(self.realised_gain_ytd),
            "deduction": plain(self.deduction),
            "deduction_left": plain(self.deduction_left),
            "candidates": [row.to_dict(shown) for row in self.candidates],
            "year_split": None if amounts is None else {name: plain(amount) for name, amount in amounts.items()},
            "statement": STATEMENT.of(shown),
            "rules": [line.of(shown) for line in describe(self.rules)],
            "findings": [finding.to_dict(shown) for finding in self.findings],
        }

    def table(self) -> pd.DataFrame:
        """One row per lot: account, code, lot_id, quantity (shares), gain, tax_saved and cost (base currency), gain_pct
        (share of the cost), action, blocked_until, days_to_long_term (None outside the US), replacement, reason."""
        rows = [
            {name: getattr(row, name) for name in TABLE_COLUMNS}
            | {"action": str(row.action), "reason": row.reason.of(self.language)}
            for row in self.candidates
        ]
        return frame(rows, TABLE_COLUMNS)

    def __repr__(self) -> str:
        return f"<Harvest {self.as_of}: {len(self.actions)} of {len(self.candidates)} lots>"

    def _repr_html_(self) -> str:
        words, base = self.language, self.base_currency
        rows = [
            [
                row.code,
                row.lot_id,
                plain(row.quantity),
                "-" if row.gain is None else show_money(row.gain, base, signed=True),
                "-" if row.gain_pct is None else show_percent(row.gain_pct),
                ACTION_WORDS[row.action].of(words),
                show_money(row.tax_saved, base),
                show_money(row.cost, base),
                row.reason.of(words),
            ]
            for row in self.candidates
        ]
        left = show_money(self.deduction_left, base)
        caption = _CAPTION.of(words).format(on=self.as_of, left=left)
        notes = [STATEMENT.of(words), *(finding.message.of(words) for finding in self.findings)]
        return html_table(caption, [heading.of(words) for heading in _HEADINGS], rows, notes)

    def split_amounts(self) -> dict[str, Decimal] | None:
        """`split` in money, by name; None when there is none."""
        if self.split is None:
            return None
        money = estimate_rounding(self.base_currency)
        names = ("gain", "this_year", "next_year", "tax_in_one_year", "tax_over_two_years")
        return {name: money(getattr(self.split, name)) for name in names}


def _or_null(value: Decimal | None) -> str | None:
    return None if value is None else plain(value)
