"""corporate_actions.csv: what happened to an asset, on which day, on which terms.

    date,code,action,new,old,new_code,cash,price,old_price,cost_share,currency
    2026-03-04,005930,split,50,1                          fifty new shares for one old
    2026-03-04,069500,reverse_split,1,10,,,12000          a fraction of a share is paid at 12,000 for a new share
    2026-03-04,AAA,merger,1,2,BBB,3.50,40                 one BBB at 40 and twice 3.50 in cash for two AAA
    2026-03-04,AAA,spin_off,1,4,CCC,,80,30                one CCC at 80 for four AAA, which stand at 30 without it
    2026-03-04,AAA,code_change,,,AAB
    2026-03-04,AAA,none                                   the price did jump; nothing happened to the shares

`date` is the first day of trading on the new terms. A file in a portfolio folder may name actions of any asset.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

from rebalance_kit.errors import HoldingsError, InputError
from rebalance_kit.holdings.corporate_actions import Action, ActionKind
from rebalance_kit.holdings.rows import read_code_and_currency
from rebalance_kit.money import ONE, ZERO
from rebalance_kit.policy.model import Policy
from rebalance_kit.prices.codes import Codes
from rebalance_kit.prices.reading import CODE_NAMES, CURRENCY_NAMES, DATE_NAMES, refuse_symbol
from rebalance_kit.textfile.cells import CellError, literal, quoted, says_nothing
from rebalance_kit.textfile.document import Document, Row, open_document
from rebalance_kit.textfile.table import Layout, Table, read_table
from rebalance_kit.words import Text

ACTIONS = Layout(
    fields={
        "date": (*DATE_NAMES, "효력발생일", "변경상장일", "ex date", "effective date"),
        "code": CODE_NAMES,
        "action": ("action", "구분", "종류", "내용", "type"),
        "new": ("new", "신주", "신주수", "new shares"),
        "old": ("old", "구주", "구주수", "old shares"),
        "new_code": ("new_code", "신종목코드", "변경코드", "변경후코드", "new symbol"),
        "cash": ("cash", "교부금", "주당현금", "boot"),
        "price": ("price", "신주가격", "단주가격", "단주대금"),
        "old_price": ("old_price", "구주가격"),
        "cost_share": ("cost_share", "원가배분율"),
        "currency": CURRENCY_NAMES,
    },
    required=("date", "code", "action"),
    numbers=frozenset({"new", "old", "cash", "price", "old_price", "cost_share"}),
    wanted=Text(
        "the headings date, code, action, and where needed new, old, new_code, cash, price, old_price, cost_share"
        " (or 일자, 종목코드, 구분, 신주, 구주, 신종목코드, 교부금, 신주가격, 구주가격, 원가배분율)",
        "일자, 종목코드, 구분 제목과 필요에 따라 신주, 구주, 신종목코드, 교부금, 신주가격, 구주가격, 원가배분율"
        "(또는 date, code, action, new, old, new_code, cash, price, old_price, cost_share)",
    ),
)

_KINDS = {kind.value: kind for kind in ActionKind} | {
    "reverse split": ActionKind.REVERSE_SPLIT,
    "spin-off": ActionKind.SPIN_OFF,
    "spinoff": ActionKind.SPIN_OFF,
    "code change": ActionKind.CODE_CHANGE,
    "액면분할": ActionKind.SPLIT,
    "주식분할": ActionKind.SPLIT,
    "분할": ActionKind.SPLIT,
    "액면병합": ActionKind.REVERSE_SPLIT,
    "주식병합": ActionKind.REVERSE_SPLIT,
    "병합": ActionKind.REVERSE_SPLIT,
    "합병": ActionKind.MERGER,
    "인적분할": ActionKind.SPIN_OFF,
    "코드변경": ActionKind.CODE_CHANGE,
    "없음": ActionKind.NONE,
}
_FIX = Text("complete or correct the row", "행을 채우거나 고쳐 주세요")


def read_actions(path: Path, policy: Policy) -> tuple[Action, ...]:
    """The actions of a file, by date and then in its order. HoldingsError with file, line and column."""
    return read_action_document(open_document(path, HoldingsError), policy)


def read_action_document(document: Document, policy: Policy) -> tuple[Action, ...]:
    """The same, of bytes that were already read."""
    table = read_table(document, ACTIONS)
    reader = _Reader(table, Codes.of(policy))
    seen: dict[tuple[date, str, ActionKind], Row] = {}
    actions = []
    for row in table.rows:
        action = reader.read(row)
        key = action.date, action.code, action.kind
        if key in seen:
            raise reader.twice(row, seen[key])
        seen[key] = row
        actions.append(action)
    return tuple(sorted(actions, key=lambda action: action.date))


class _Reader:
    """Reads the rows of one table and asks that each says all that its action needs and nothing that contradicts it."""

    def __init__(self, table: Table, codes: Codes) -> None:
        self._table = table
        self._codes = codes

    def read(self, row: Row) -> Action:
        table = self._table
        if len(row.cells) > len(table.grid.heading.cells):
            table.grid.check_width(row)  # a hand-written row may end early, but must not have cells without a heading
        day = table.optional_date(row, "date")
        if day is None:
            raise self._wrong(row, "date", Text("the first day on the new terms", "새 조건으로 거래하는 첫날"))
        code, currency = read_code_and_currency(table, row, self._codes)
        kind = _KINDS.get(table.text(row, "action").casefold())
        if kind is None:
            expected = Text(
                f"one of {', '.join(ActionKind)}", "액면분할, 액면병합, 합병, 인적분할, 코드변경, 없음 가운데 하나"
            )
            raise self._wrong(row, "action", expected)
        action = Action(
            date=day,
            code=code,
            kind=kind,
            currency=currency,
            new=self._new(row, kind),
            old=self._number(row, "old", default=None if self._needs_ratio(row, kind) else ONE),
            new_code=self._new_code(row, kind, currency),
            cash=self._amount(row, "cash", currency) or ZERO,
            price=self._amount(row, "price", currency),
            old_price=self._amount(row, "old_price", currency),
            cost_share=table.optional_number(row, "cost_share"),
        )
        self._check(row, action)
        return action

    def _needs_ratio(self, row: Row, kind: ActionKind) -> bool:
        """A merger for cash alone and a new code have none."""
        split = kind in (ActionKind.SPLIT, ActionKind.REVERSE_SPLIT, ActionKind.SPIN_OFF)
        return split or (kind is ActionKind.MERGER and not says_nothing(self._table.text(row, "new_code")))

    def _check(self, row: Row, action: Action) -> None:
        kind = action.kind
        if (kind is ActionKind.SPLIT and action.new <= action.old) or (
            kind is ActionKind.REVERSE_SPLIT and action.new >= action.old
        ):
            many = Text("more new shares than old ones", "구주보다 많은 신주")
            few = Text("fewer new shares than old ones", "구주보다 적은 신주")
            raise self._wrong(row, "new", many if kind is ActionKind.SPLIT else few)
        if kind is ActionKind.MERGER and not action.new_code and not action.cash:
            raise self._wrong(row, "cash", Text("a new_code or cash for each old share", "신종목코드 또는 주당 현금"))
        if kind is ActionKind.MERGER and action.cash and action.new_code and action.price is None:
            raise self._wrong(row, "price", Text("the price of one new share, which divides the cost",
                                                 "매입금액을 나눌 신주 1주의 가격"))  # fmt: skip
        if kind is not ActionKind.MERGER and action.cash:
            raise self._wrong(row, "cash", Text("cash with a merger only", "합병일 때만 현금"))
        if kind is ActionKind.SPIN_OFF:
            self._check_spin_off(row, action)
        elif action.cost_share is not None:
            raise self._wrong(row, "cost_share", Text("a share of the cost with a spin-off only",
                                                      "인적분할일 때만 원가배분율"))  # fmt: skip

    def _check_spin_off(self, row: Row, action: Action) -> None:
        share = action.cost_share
        if share is not None and not 0 <= share <= 1:
            raise self._wrong(
                row, "cost_share", Text("a share from 0 to 1 (20 % is 0.20)", "0에서 1 사이(20 %는 0.20)")
            )
        if share is None and not (action.price and action.old_price):
            raise self._wrong(row, "cost_share", Text("cost_share, or both price and old_price above 0",
                                                      "원가배분율, 또는 0보다 큰 신주가격과 구주가격"))  # fmt: skip

    def _new_code(self, row: Row, kind: ActionKind, currency: str) -> str | None:
        table = self._table
        cell = table.text(row, "new_code")
        needed = kind in (ActionKind.SPIN_OFF, ActionKind.CODE_CHANGE)
        if says_nothing(cell) and not needed:
            return None
        if not needed and kind is not ActionKind.MERGER:
            raise self._wrong(row, "new_code", Text("no other code for this action", "이 구분에는 다른 코드가 없음"))
        try:
            code = self._codes.read(cell, currency)
        except CellError as problem:
            raise table.located(problem, row, "new_code") from problem
        if code == self._codes.read(literal(table.text(row, "code")), currency):
            raise self._wrong(row, "new_code", Text("the code of another asset", "다른 종목의 코드"))
        return code

    def _new(self, row: Row, kind: ActionKind) -> Decimal:
        if kind is ActionKind.MERGER and not self._needs_ratio(row, kind):
            return ZERO
        return self._number(row, "new", default=None if self._needs_ratio(row, kind) else ONE)

    def _number(self, row: Row, field: str, *, default: Decimal | None) -> Decimal:
        number = self._table.optional_number(row, field)
        number = default if number is None else number
        if number is None or number <= 0:
            raise self._wrong(row, field, Text("a number of shares above zero", "0보다 큰 주식 수"))
        return number

    def _amount(self, row: Row, field: str, currency: str) -> Decimal | None:
        amount = self._table.optional_number(row, field)
        if amount is not None:
            refuse_symbol(self._table, row, field, currency)
            if amount < 0:
                raise self._wrong(row, field, Text("an amount that is not negative", "음수가 아닌 금액"))
        return amount

    def _wrong(self, row: Row, field: str, expected: Text) -> InputError:
        cell = quoted(self._table.text(row, field))
        wrong = Text(
            f"{cell} cannot be the {field} of this action", f"{cell}은(는) 이 행의 {field} 값이 될 수 없습니다"
        )
        return self._table.problem("bad_action", wrong, expected, _FIX, row, field)

    def twice(self, row: Row, first: Row) -> InputError:
        """The refusal of an action that the file has already."""
        return self._table.problem(
            "duplicate_action",
            Text(f"the same action is already in line {first.line}", f"같은 내용이 {first.line}행에 이미 있습니다"),
            Text("each action once", "한 번씩만 적은 내용"),
            Text("remove one of the two rows", "두 행 중 하나를 지워 주세요"),
            row,
            "code",
        )
