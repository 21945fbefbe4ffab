"""What an asset that trades abroad costs and is worth, where a Korean statement mixes won and foreign money.

Some print the price and value in dollars and the cost in won, some everything in won with the rate of the day beside
it. The printed numbers decide: a value is in the currency in which price x quantity gives it, a cost in the currency in
which value - cost is the printed profit. What they leave open is not taken for either.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from rebalance_kit.holdings.statements.assembly import Statement
from rebalance_kit.holdings.statements.korean_cells import number_in
from rebalance_kit.holdings.statements.korean_lines import Line
from rebalance_kit.holdings.statements.korean_refusals import won_or_foreign
from rebalance_kit.holdings.statements.reconcile import MOST_DECIMALS, agrees, explains, rate_slack
from rebalance_kit.money import MINOR_DIGITS, Rounding, exact_sum, plain, product, round_fraction, round_money
from rebalance_kit.textfile.cells import half_width
from rebalance_kit.textfile.document import Row
from rebalance_kit.textfile.table import Table

_OWN_COLUMNS = ("foreign price", "foreign value", "foreign cost")
# From these rates on it is won for a hundred units: neither currency has been worth so much for decades.
_BY_THE_HUNDRED = {"JPY": Decimal(100), "VND": Decimal(1)}

Shown = tuple[Decimal | None, str]  # what a row prints as its worth, and the currency it prints it in


@dataclass(frozen=True, slots=True)
class Amounts:
    """The amounts of a row: price, value and cost in the asset's currency, `shown` as the file adds them up."""

    price: Decimal | None
    value: Decimal | None
    cost: Decimal | None
    shown: Shown


def foreign_amounts(
    statement: Statement, table: Table, line: Line, quantity: Decimal, currency: str, *, in_won: bool
) -> Amounts:
    """The amounts of a row that trades in `currency`. `in_won` says that the file prints all of them in won.

    Raises HoldingsError when the numbers could as well be won as foreign money.
    """
    row, rate = line.row, _rate(table, line.row, currency)
    if rate is not None and statement.rate_of(currency, "KRW") is None:
        statement.rate(currency, "KRW", rate)
    if any(name in table.columns for name in _OWN_COLUMNS):
        return _from_own_columns(table, line, quantity, currency)
    price, value = line.price, line.value
    if in_won or any(_in_won(table.text(row, name)) for name in ("price", "value")):
        _say_cost(statement, table, row)
        return Amounts(_price_from_won(price, rate, currency), None, None, (value, "KRW"))
    won = number_in(table, row, "won value")
    shown: Shown = (value, currency) if won is None else (won, "KRW")
    if value and price and rate and _is_worth_in_won(price, quantity, rate, value, currency):
        shown, value = (value, "KRW"), None
    cost = _own_cost(table, row, quantity, currency, value)
    if cost is None:
        _say_cost(statement, table, row)
    elif won is None and _all_whole(table, row):
        raise won_or_foreign(table, row, currency)
    return Amounts(price, value, cost, shown)


def _from_own_columns(table: Table, line: Line, quantity: Decimal, currency: str) -> Amounts:
    """The amounts of a table that has columns for foreign money (외화) beside those in won."""
    price, value, cost = (number_in(table, line.row, name) for name in _OWN_COLUMNS)
    won = number_in(table, line.row, "won value")
    worth = won if won is not None else line.value if "foreign value" in table.columns else None
    if price is None and line.price is not None and (value is None or explains(line.price, quantity, value, currency)):
        price = line.price
    return Amounts(price, value, cost, (value, currency) if worth is None else (worth, "KRW"))


def _rate(table: Table, row: Row, currency: str) -> Decimal | None:
    """Won for one unit of a currency. Korean banks quote the yen and the dong by the hundred."""
    rate = number_in(table, row, "rate")
    if rate is None or rate <= 0:
        return None
    return rate.scaleb(-2) if rate >= _BY_THE_HUNDRED.get(currency, rate + 1) else rate


def _in_won(text: str) -> bool:
    return "₩" in half_width(text) or text.rstrip().endswith("원")


def _price_from_won(price: Decimal | None, rate: Decimal | None, currency: str) -> Decimal | None:
    """The foreign price that times the rate is the printed price in won: the one with the fewest decimals."""
    if price is None or rate is None or rate <= 0 or price <= 0:
        return None
    share = Fraction(price) / Fraction(rate)
    for digits in range(MINOR_DIGITS[currency], MOST_DECIMALS + 1):
        found = round_fraction(share, Decimal(1).scaleb(-digits), Rounding.HALF_UP)
        if found > 0 and agrees(product(found, rate), price, rate_slack(found, rate)):
            return found
    return None


def _is_worth_in_won(price: Decimal, quantity: Decimal, rate: Decimal, value: Decimal, currency: str) -> bool:
    """Whether a value is price x quantity in won rather than in the currency of the price."""
    if explains(price, quantity, value, currency):
        return False
    own = product(price, quantity)
    return abs(Fraction(product(own, rate)) - Fraction(value)) <= 1 + rate_slack(own, rate)


def _own_cost(table: Table, row: Row, quantity: Decimal, currency: str, value: Decimal | None) -> Decimal | None:
    """The cost where the printed profit proves that it is in the asset's own currency, else None."""
    cost, profit = number_in(table, row, "cost"), number_in(table, row, "profit")
    if cost is None:
        share = number_in(table, row, "average cost")
        cost = None if share is None else round_money(product(share, quantity), currency, Rounding.HALF_UP)
    if cost is None or cost < 0 or value is None or profit is None or _in_won(table.text(row, "cost")):
        return None
    gap = exact_sum((value, cost.copy_negate(), profit.copy_negate()))
    fees = Fraction(value) / 50  # some brokers take the cost of a sale off the profit
    return cost if abs(Fraction(gap)) <= fees and cost * 20 > value > cost / 20 else None


def _all_whole(table: Table, row: Row) -> bool:
    """Whether price, value and cost are whole numbers without a sign of foreign money: so are amounts in won."""
    texts = [table.text(row, field) for field in ("price", "value", "cost")]
    stated = bool(table.text(row, "currency")) or any("$" in text or "." in text for text in texts)
    return not stated


def _say_cost(statement: Statement, table: Table, row: Row) -> None:
    cost = number_in(table, row, "cost") or number_in(table, row, "average cost")
    if cost is not None:
        statement.note(
            "cost_in_won",
            f"the cost in line {row.line}, {plain(cost)}, is in won for an asset in foreign money and is not used",
            f"{row.line}행의 매입금액 {plain(cost)}은(는) 외화 자산의 원화 금액이어서 쓰지 않습니다",
        )
