"""The totals that Interactive Brokers prints, against the rows: per currency, of the cash, and the net asset value."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction

from rebalance_kit.holdings.statements.reconcile import compare, rate_slack
from rebalance_kit.holdings.statements.tables import amount_if_any
from rebalance_kit.money import exact_sum, product
from rebalance_kit.textfile.cells import CellError, read_number
from rebalance_kit.textfile.document import Row
from rebalance_kit.textfile.table import Table
from rebalance_kit.words import Finding, Text

Balances = Mapping[tuple[str, str], tuple[Row, Decimal]]
_GRAIN = Fraction(1, 10**6)  # the statement's own amounts carry the noise of binary arithmetic below this


@dataclass(frozen=True, slots=True)
class _Printed:
    """A total row and the (currency, value) of the positions of its category above it."""

    line: int
    category: str
    currency: str
    value: Decimal
    rows: tuple[tuple[str, Decimal | None], ...]


@dataclass(slots=True)
class IbkrTotals:
    """Gathers positions and printed totals in file order; a total in the positions' own currency ends their block,
    and one in another currency after it is the same block in the base currency."""

    block: list[tuple[str, str, Decimal | None]] = field(default_factory=list)  # category, currency, value
    closed: bool = False
    worth: list[tuple[str, Decimal | None]] = field(default_factory=list)
    printed: list[_Printed] = field(default_factory=list)
    net: dict[str, tuple[Row, Decimal]] = field(default_factory=dict)

    def position(self, category: str, currency: str, value: Decimal | None) -> None:
        """A summary row."""
        if self.closed:
            self.block, self.closed = [], False
        self.block.append((category, currency, value))
        self.worth.append((currency, value))

    def positions_total(self, table: Table, row: Row) -> None:
        """A total row of the open positions."""
        currency = table.text(row, "currency")
        value = amount_if_any(table, row, "value", currency)
        if currency and value is not None:
            category = table.text(row, "category")
            rows = tuple((own, worth) for kind, own, worth in self.block if kind == category)
            self.printed.append(_Printed(row.line, category, currency, value, rows))
        self.closed = True

    def net_asset_value(self, heading: Row, row: Row) -> None:
        """A row of the net asset value: its class and the current total."""
        names = [cell.casefold() for cell in heading.cells]
        if "current total" in names and (index := names.index("current total")) < len(row.cells):
            try:
                self.net[row.cells[2].casefold()] = row, read_number(row.cells[index])
            except CellError:
                return

    def check(
        self, base: str | None, rates: Mapping[str, Decimal], cash: Balances, balances: Balances
    ) -> Iterable[Finding]:
        """A finding for each printed total that can be compared."""
        for total in self.printed:
            yield from _positions(total, base, rates)
        if base is None:
            return
        summary = [(row, money) for (_, label), (row, money) in cash.items() if label.casefold().startswith("base cur")]
        parts = [(currency, money) for (_, currency), (_, money) in balances.items()]
        if len(summary) == 1 and len(parts) > 1:
            yield from _converted(summary[0][0].line, _CASH, summary[0][1], parts, base, rates, Fraction(1, 100))
        if "total" in self.net and len({account for account, _ in balances}) <= 1:
            row, whole = self.net["total"]
            accrued = exact_sum(money for name, (_, money) in self.net.items() if "accrual" in name)
            own = exact_sum((whole, accrued.copy_negate()))
            yield from _converted(row.line, _NET, own, [*self.worth, *parts], base, rates, Fraction(1, 50))


_CASH = Text("the ending cash in the base currency", "기준 통화로 본 기말 현금")
_NET = Text("the net asset value without accruals", "미수 금액을 뺀 순자산")


def _positions(total: _Printed, base: str | None, rates: Mapping[str, Decimal]) -> Iterable[Finding]:
    what = Text(f"the total of {total.category or 'positions'} in {total.currency}",
                f"{total.currency} {total.category or '보유 종목'}의 합계")  # fmt: skip
    own = [value for currency, value in total.rows if currency == total.currency]
    known = [value for value in own if value is not None]
    if own:
        if len(known) == len(own):
            yield compare(total.line, what, exact_sum(known), total.value, total.currency, _GRAIN)
    elif total.currency == base and total.rows:
        yield from _converted(total.line, what, total.value, total.rows, base, rates, Fraction(1, 100))


def _converted(
    line: int,
    what: Text,
    printed: Decimal,
    parts: Sequence[tuple[str, Decimal | None]],
    base: str,
    rates: Mapping[str, Decimal],
    grain: Fraction,
) -> Iterable[Finding]:
    """Parts in several currencies against a total in the base currency: a rounded rate explains a rounded gap."""
    found, slack = [], grain
    for currency, value in parts:
        rate = Decimal(1) if currency == base else rates.get(currency)
        if value is None or (rate is None and value):
            return
        if value and rate is not None:
            found.append(product(value, rate))
            slack += Fraction(0) if currency == base else rate_slack(value, rate)
    yield compare(line, what, exact_sum(found), printed, base, slack)
