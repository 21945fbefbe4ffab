"""lots.csv: single purchases, and whether they add up to what is held."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path

from rebalance_kit.errors import HoldingsError, InputError
from rebalance_kit.holdings.columns import ACCOUNT_NAMES, QUANTITY_NAMES, SHARE_COST_NAMES, TOTAL_COST_NAMES
from rebalance_kit.holdings.model import Holdings, Lot
from rebalance_kit.holdings.rows import read_account, read_code_and_currency, read_quantity
from rebalance_kit.money import Rounding, exact_sum, plain, product, round_money
from rebalance_kit.policy.model import Policy
from rebalance_kit.prices.codes import Codes
from rebalance_kit.prices.reading import CODE_NAMES, CURRENCY_NAMES, refuse_symbol
from rebalance_kit.textfile.cells import quoted
from rebalance_kit.textfile.document import Document, Row, open_document
from rebalance_kit.textfile.table import Layout, Table, read_table
from rebalance_kit.words import Finding, Text

LOTS = Layout(
    fields={
        "account": ACCOUNT_NAMES,
        "code": CODE_NAMES,
        "lot_id": ("lot_id", "lot", "로트", "로트번호", "매수번호", "번호"),
        "date": ("date", "매수일", "매수일자", "매입일", "매입일자", "취득일", "취득일자", "일자", "체결일",
                 "purchase date", "date acquired", "acquired", "open date"),
        "quantity": (*QUANTITY_NAMES, "매수수량"),
        "cost": TOTAL_COST_NAMES,
        "average cost": SHARE_COST_NAMES,
        "currency": CURRENCY_NAMES,
        "tax_base": ("tax_base", "과표기준가", "과표기준가격", "과세표준기준가격"),
    },
    required=("code", "lot_id", "date", "quantity"),
    numbers=frozenset({"quantity", "cost", "average cost", "tax_base"}),
    wanted=Text(
        "the headings account, code, lot_id, date, quantity, cost, currency, tax_base"
        " (or 계좌, 종목코드, 로트번호, 매수일, 수량, 매입금액, 통화, 과표기준가)",
        "account, code, lot_id, date, quantity, cost, currency, tax_base"
        "(또는 계좌, 종목코드, 로트번호, 매수일, 수량, 매입금액, 통화, 과표기준가) 제목",
    ),
)  # fmt: skip


def read_lots(path: Path, policy: Policy | None) -> tuple[Lot, ...]:
    """The lots of a file, sorted. Raises HoldingsError with file, line and column."""
    return read_lot_document(open_document(path, HoldingsError), policy)


def read_lot_document(document: Document, policy: Policy | None) -> tuple[Lot, ...]:
    """The same, of bytes that were already read."""
    table = read_table(document, LOTS)
    codes = Codes.of(policy)
    lots: dict[tuple[str, str, str], tuple[Lot, Row]] = {}
    for row in table.rows:
        table.grid.check_width(row)
        lot = _lot(table, row, policy, codes)
        key = lot.account, lot.code, lot.lot_id
        if key in lots:
            raise _twice(table, row, lot, lots[key][1])
        lots[key] = lot, row
    return tuple(sorted((lot for lot, _ in lots.values()), key=lambda t: (t.account, t.code, t.date, t.lot_id)))


def check_lots(holdings: Holdings, lots: Iterable[Lot]) -> tuple[Finding, ...]:
    """A finding for every position whose lots do not add up to it; no lots at all are no lots to check."""
    quantities: dict[tuple[str, str], list[Decimal]] = {}
    for lot in lots:
        quantities.setdefault((lot.account, lot.code), []).append(lot.quantity)
    if not quantities:
        return ()
    held = {(p.account, p.code): p.quantity for p in holdings.positions}
    found = []
    for account, code in sorted(set(quantities) | set(held)):
        bought = exact_sum(quantities.get((account, code), ()))
        owned = held.get((account, code), Decimal(0))
        if bought != owned:
            message = Text(
                f"the lots of {code} in account {account} add up to {plain(bought)}, but {plain(owned)} are held",
                f"{account} 계좌 {code}의 매수 로트는 {plain(bought)}주인데 보유 수량은 {plain(owned)}주입니다",
            )
            found.append(Finding("lots_mismatch", "warning", message, code))
    return tuple(found)


def _lot(table: Table, row: Row, policy: Policy | None, codes: Codes) -> Lot:
    account = read_account(table, row, policy)
    code, currency = read_code_and_currency(table, row, codes)
    quantity = read_quantity(table, row, code, currency, codes)
    if quantity == 0:
        raise _wanting(table, row, "quantity", Text("shares above zero", "0보다 큰 수량"))
    lot_id = table.text(row, "lot_id")
    if not lot_id:
        raise _wanting(table, row, "lot_id", Text("a name for the lot", "로트 이름"))
    day = table.optional_date(row, "date")
    if day is None:
        raise _wanting(table, row, "date", Text("the day of the purchase", "매수한 날짜"))
    cost = _cost(table, row, quantity, currency)
    return Lot(account, code, lot_id, day, quantity, cost, currency, _amount(table, row, "tax_base", currency))


def _cost(table: Table, row: Row, quantity: Decimal, currency: str) -> Decimal:
    """The total cost: its own column, else the cost of a share times the shares, rounded half up."""
    cost = _amount(table, row, "cost", currency)
    if cost is not None:
        return cost
    share = _amount(table, row, "average cost", currency)
    if share is None:
        raise _wanting(table, row, "cost", Text("the total cost of the lot", "로트의 총 매입금액"))
    return round_money(product(share, quantity), currency, Rounding.HALF_UP)


def _amount(table: Table, row: Row, field: str, currency: str) -> Decimal | None:
    amount = table.optional_number(row, field)
    if amount is None:
        return None
    refuse_symbol(table, row, field, currency)
    if amount < 0:
        raise _wanting(table, row, field, Text("an amount that is not negative", "음수가 아닌 금액"))
    return amount


def _wanting(table: Table, row: Row, field: str, expected: Text) -> InputError:
    cell = quoted(table.text(row, field))
    return table.problem(
        "bad_lot",
        Text(f"{cell} is no {field} of a lot", f"{cell}은(는) 로트의 {field} 값이 될 수 없습니다"),
        expected,
        Text("complete or correct the lot", "로트를 채우거나 고쳐 주세요"),
        row,
        field,
    )


def _twice(table: Table, row: Row, lot: Lot, first: Row) -> InputError:
    return table.problem(
        "duplicate_lot",
        Text(f"lot {quoted(lot.lot_id)} of {lot.code} is already in line {first.line}",
             f"{lot.code}의 로트 {quoted(lot.lot_id)}은(는) {first.line}행에 이미 있습니다"),
        Text("a lot_id of its own for each lot of an asset", "자산의 로트마다 다른 lot_id"),
        Text("rename one, or remove the repeated row", "하나의 이름을 바꾸거나 겹친 행을 지워 주세요"),
        row,
        "lot_id",
    )  # fmt: skip
