"""What a plan says of tax besides that of its orders: the year before and after it, and the plan that ignores tax."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from rebalance_kit.money import exact_sum, plain, show_money
from rebalance_kit.tax.model import STATEMENT, YearToDate
from rebalance_kit.tax.records import RULES_DATED, Rule, describe
from rebalance_kit.words import Language, Text


@dataclass(frozen=True, slots=True)
class IgnoringTax:
    """What the best plan would cost if tax weighed nothing, in the base currency. `nearer` is how much smaller its sum
    of |value - goal| is (negative: larger); `same` says that it has the same orders."""

    tax: Decimal
    commission: Decimal
    slippage: Decimal
    fx_cost: Decimal
    orders: int
    nearer: Decimal
    same: bool

    def line(self, base: str) -> Text:
        """The sentence that a person reads."""
        cost, tax, nearer = (show_money(amount, base) for amount in (self.cost, self.tax, abs(self.nearer)))
        if self.same:
            return Text(f"Ignoring tax, the plan would be the same and cost {cost} (tax {tax}).",
                        f"세금을 고려하지 않아도 같은 계획이며 비용은 {cost}(세금 {tax})입니다.")  # fmt: skip
        if not self.nearer:
            return Text(f"Ignoring tax it would cost {cost} (tax {tax}), as near to its goals.",
                        f"세금을 고려하지 않으면 비용이 {cost}(세금 {tax})이고 목표와의 거리는 같습니다.")  # fmt: skip
        en, ko = ("nearer to", "가까워집니다") if self.nearer > 0 else ("further from", "멀어집니다")
        return Text(f"Ignoring tax it would cost {cost} (tax {tax}) and end {nearer} {en} its goals.",
                    f"세금을 고려하지 않으면 비용이 {cost}(세금 {tax})이고 목표에 {nearer} {ko}.")  # fmt: skip

    @property
    def cost(self) -> Decimal:
        """Tax and trading costs together."""
        return exact_sum((self.tax, self.commission, self.slippage, self.fx_cost))

    def to_dict(self) -> dict[str, object]:
        """The plan that ignores tax as JSON."""
        return {
            "tax": plain(self.tax),
            "commission": plain(self.commission),
            "slippage": plain(self.slippage),
            "fx_cost": plain(self.fx_cost),
            "cost": plain(self.cost),
            "orders": self.orders,
            "nearer": plain(self.nearer),
            "same": self.same,
        }


@dataclass(frozen=True, slots=True)
class PlanTax:
    """The tax year around a plan. `withheld` is the part of the plan's tax that is kept back at the sales;
    `ignoring_tax` is None where nothing is due."""

    year_to_date_before: YearToDate
    year_to_date_after: YearToDate
    withheld: Decimal
    ignoring_tax: IgnoringTax | None
    rules: tuple[Rule, ...]

    def lines(self, base: str) -> tuple[Text, ...]:
        """The year before and after, and what ignoring tax would cost, as sentences."""
        before, after = (show_money(year.tax, base) for year in (self.year_to_date_before, self.year_to_date_after))
        year = Text(f"Tax of the year: {before} before, {after} after.", f"올해 세금: 전 {before}, 후 {after}.")
        return (year,) if self.ignoring_tax is None else (year, self.ignoring_tax.line(base))

    def to_dict(self, language: Language) -> dict[str, object]:
        """The part `tax` of `plan --json`."""
        return {
            "statement": STATEMENT.of(language),
            "rules_dated": RULES_DATED.isoformat(),
            "year_to_date_before": self.year_to_date_before.to_dict(),
            "year_to_date_after": self.year_to_date_after.to_dict(),
            "withheld": plain(self.withheld),
            "ignoring_tax": None if self.ignoring_tax is None else self.ignoring_tax.to_dict(),
            "rules": [line.of(language) for line in describe(self.rules)],
        }
