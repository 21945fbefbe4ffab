"""What the rows of brokers' tables have in common: how a cost is read, and how a lot's date is."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal

from rebalance_kit.errors import InputError
from rebalance_kit.holdings.statements.assembly import Statement
from rebalance_kit.holdings.statements.tables import amount
from rebalance_kit.money import Rounding, plain, product, round_money
from rebalance_kit.textfile.cells import shown
from rebalance_kit.textfile.document import Row
from rebalance_kit.textfile.table import Table

_MONTH_FIRST = re.compile(r"([0-9]{1,2})/([0-9]{1,2})/([0-9]{4})")


def total_cost(statement: Statement, table: Table, row: Row, quantity: Decimal, currency: str) -> Decimal | None:
    """The total cost: its own column, else the cost of a share times the shares, rounded half up; None if unknown.

    A cost decides no order, so one that cannot be read is unknown, with a finding, and not the end of the file.
    """
    try:
        cost = amount(table, row, "cost", currency)
        if cost is None:
            share = amount(table, row, "average cost", currency)
            cost = None if share is None else round_money(product(share, quantity), currency, Rounding.HALF_UP)
    except InputError:
        said = shown(" / ".join(text for field in ("cost", "average cost") if (text := table.text(row, field))))
        statement.note(
            "cost_unknown",
            f"the cost in line {row.line} is not read: {said}",
            f"{row.line}행의 매입금액은 읽지 않았습니다: {said}",
        )
        return None
    if cost is not None and cost < 0:
        statement.note(
            "cost_unknown",
            f"the cost in line {row.line}, {plain(cost)}, is negative and not used",
            f"{row.line}행의 매입금액 {plain(cost)}은(는) 음수여서 쓰지 않습니다",
        )
        return None
    return cost


def month_first(text: str) -> date | None:
    """01/15/2022 as an American broker writes it, None for anything else."""
    found = _MONTH_FIRST.fullmatch(text)
    try:
        return date(int(found[3]), int(found[1]), int(found[2])) if found else None
    except ValueError:
        return None
