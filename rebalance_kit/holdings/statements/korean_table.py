"""Tables of Korean brokers: their headings, found anywhere near the top and in one row or in two.

A broker's columns follow the screen and change with its settings, so a layout is known by a few telling headings, and
of several columns for one thing (보유수량, 결제잔고) the most telling is read. In a heading of two rows the upper names
a group (평가) and the lower its parts (금액).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from rebalance_kit.holdings.columns import (
    LESSER_NAMES,
    QUANTITY_NAMES,
    SHARE_COST_NAMES,
    TOTAL_COST_NAMES,
    VALUE_NAMES,
)
from rebalance_kit.prices.reading import CURRENCY_NAMES, DATE_NAMES, PRICE_NAMES
from rebalance_kit.textfile.document import HEAD_ROWS, Document, Row
from rebalance_kit.textfile.table import DELIMITERS, Grid, Layout, Table, normal
from rebalance_kit.words import Text

# What a column may be called, most telling first.
FIELDS: Mapping[str, tuple[str, ...]] = {
    "account": ("계좌번호", "계좌", "account number", "account"),
    "account type": ("계좌유형", "계좌구분", "계좌종류", "계좌명", "계좌별명", "계좌별칭"),
    "code": ("종목코드", "종목번호", "단축코드", "상품번호", "상품코드", "코드", "티커", "심볼", "표준코드",
             "symbol", "ticker", "code", "isin"),
    "name": ("종목명", "상품명", "종목명칭", "종목", "자산명", "펀드명", "종목이름", "종목명(코드)", "name",
             "security name", "investment name", "description"),
    "quantity": ("보유수량", *QUANTITY_NAMES, *LESSER_NAMES["quantity"]),
    "price": ("현재가", "현재단가", *PRICE_NAMES),
    "value": (*VALUE_NAMES, *LESSER_NAMES["value"]),
    "cost": (*TOTAL_COST_NAMES, *LESSER_NAMES["cost"]),
    "average cost": (*SHARE_COST_NAMES, *LESSER_NAMES["average cost"]),
    "profit": ("평가손익", "평가손익금액", "평가손익금", "손익금액", "손익"),
    "foreign price": ("외화현재가", "현재가(외화)", "외화평가단가"),
    "foreign value": ("외화평가금액", "평가금액(외화)", "외화평가액", "외화평가"),
    "foreign cost": ("외화매입금액", "매입금액(외화)", "외화매수금액", "매수금액(외화)", "외화매입액"),
    "won value": ("원화평가금액", "평가금액(원화)", "원화평가액", "원화환산평가금액", "평가금액(원화환산)"),
    "currency": CURRENCY_NAMES,
    "rate": ("기준환율", "평가환율", "적용환율", "환율", "매매기준율"),
    "country": ("거래국가", "국가", "투자국가"),
    "credit": ("신용구분", "대출구분", "잔고유형"),
    "date": DATE_NAMES,
}  # fmt: skip
KINDS = ("유형", "종목구분", "구분", "상품구분", "자산구분", "종목유형", "상품유형", "자산유형", "증권구분",
         "자산종류", "상품종류", "잔고구분", "상품군")  # fmt: skip
_NUMBERS = frozenset({"quantity", "price", "value", "cost", "average cost", "profit", "rate", "foreign price",
                      "foreign value", "foreign cost", "won value"})  # fmt: skip

_TAIL = 4000  # characters at the end of a file that show whether something stands below its table
_KIND_NAMES = frozenset(map(normal, KINDS))
_SECTION = re.compile(r"(국내|해외|미국)\s?(주식|ETF|자산|잔고|종목)?\s?(잔고|현황)?")
_TRADES = re.compile(r"매수|매도|체결|거래|기간")  # a group of what was traded: its 수량 is not what is held
_KNOWN = frozenset(normal(name) for names in (*FIELDS.values(), KINDS) for name in names)


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table with the rows above it. `kinds` are the columns that say what kind of thing a row is, `section` is what
    the title of the table says of all of them."""

    table: Table
    above: tuple[Row, ...]
    kinds: tuple[int, ...]
    section: str = ""

    def kind(self, row: Row) -> str:
        """What a row says it is: `해외주식 ETF`."""
        own = [row.cells[i] for i in self.kinds if i < len(row.cells) and row.cells[i]]
        return " ".join(own or filter(None, [self.section]))

    def has(self, field: str) -> bool:
        """Whether the table has a column for a field."""
        return field in self.table.columns


Fits = Callable[[frozenset[str]], bool]


def headings(*required: str, any_of: Sequence[str] = ()) -> Fits:
    """A test of a heading row: all of `required`, and one of `any_of` where there are some."""
    wanted, others = frozenset(map(normal, required)), frozenset(map(normal, any_of))
    return lambda found: wanted <= found and (not others or bool(others & found))


def fields_in(found: frozenset[str]) -> frozenset[str]:
    """The fields that some heading of a row names."""
    return frozenset(field for field, known in FIELDS.items() if any(normal(name) in found for name in known))


def heading_rows(document: Document, most: int = 30) -> Iterator[tuple[str, Row, frozenset[str]]]:
    """Every row near the top as a heading, then every two neighbours as one: the delimiter, the row, its headings."""
    for delimiter in DELIMITERS:
        head = document.head(delimiter)[:most]
        for first, cells, _ in _candidates(head):
            if len(cells) > 1:
                yield delimiter, Row(head[first].line, cells), frozenset(normal(cell) for cell in cells if cell)


def knows(document: Document, fits: Fits) -> bool:
    """Whether a heading row that fits stands near the top. Does not raise for a foreign kind of file."""
    return _find(document, fits) is not None


def edges_of(document: Document, fits: Fits) -> tuple[tuple[str, ...], tuple[Row, ...], tuple[Row, ...]] | None:
    """The headings that fit, the rows above them, and of the rows below the first and the last ones; None without."""
    found = _find(document, fits)
    if found is None:
        return None
    delimiter, first, cells, height = found
    head = document.head(delimiter)
    tail: tuple[Row, ...] = ()
    if len(head) >= HEAD_ROWS:
        ending = Document(document.name, document.text[-_TAIL:].partition("\n")[2].encode(), document.error)
        tail = ending.head(delimiter)
    return cells, head[:first], (*head[first + height :], *tail)


def sheets_of(document: Document, fits: Fits, named: Mapping[str, str] | None = None) -> tuple[Sheet, ...]:
    """Every table whose heading fits, in the order of the file; `named` are fields with a heading of their own.

    The rows between two tables stand above the second. Raises at quotes that do not close and at two columns with one
    heading.
    """
    found = _find(document, fits)
    if found is None:
        return ()
    delimiter, first, cells, height = found
    rows = tuple(document.rows(delimiter))
    starts = [(first, cells, height)]
    for i, row in enumerate(rows[first + height :], first + height):
        if any(cell[:1].isdigit() for cell in row.cells):
            continue
        again = frozenset(normal(cell) for cell in row.cells if cell)
        if len(again) > 2 and row.cells != starts[-1][1] and fits(again):
            starts.append((i, row.cells, 1))
    made, above = [], rows[:first]
    for (start, heading, taken), end in zip(starts, [*(i for i, _, _ in starts[1:]), len(rows)], strict=True):
        below = rows[start + taken : end]
        titles = _trailing_titles(below) if end < len(rows) else 0
        grid = Grid(document, delimiter, Row(rows[start].line, heading), below[: len(below) - titles], above)
        kinds = tuple(i for i, cell in enumerate(heading) if normal(cell) in _KIND_NAMES)
        made.append(Sheet(Table.of(grid, _layout(heading, named or {})), above, kinds, _section(above)))
        above = below[len(below) - titles :]
    return tuple(made)


def _trailing_titles(rows: Sequence[Row]) -> int:
    """How many rows at the end say one thing only: they are titles of the table that follows."""
    count = 0
    for row in reversed(rows):
        if sum(map(bool, row.cells)) > 1:
            break
        count += 1
    return count


def _section(above: Sequence[Row]) -> str:
    """국내주식 or 해외주식, where the row just above a table says that and nothing else."""
    said = [cell for cell in above[-1].cells if cell] if above else []
    return said[0] if len(said) == 1 and _SECTION.fullmatch(said[0].strip(" []<>■▶*")) else ""


def others_for(sheet: Sheet, field: str) -> tuple[int, ...]:
    """Further columns of a table that could also be meant by a field."""
    own = sheet.table.columns.get(field)
    names = set(map(normal, FIELDS[field]))
    return tuple(i for i, cell in enumerate(sheet.table.grid.heading.cells) if i != own and normal(cell) in names)


def _find(document: Document, fits: Fits) -> tuple[str, int, tuple[str, ...], int] | None:
    if document.kind:
        return None
    for delimiter in DELIMITERS:
        for first, cells, height in _candidates(document.head(delimiter)):
            if len(cells) > 1 and fits(frozenset(normal(cell) for cell in cells if cell)):
                return delimiter, first, cells, height
    return None


def _candidates(rows: Sequence[Row]) -> Iterator[tuple[int, tuple[str, ...], int]]:
    """Every row as a heading, then every two neighbours as one: first row, cells, rows taken."""
    for first, row in enumerate(rows):
        yield first, row.cells, 1
    for first, (upper, lower) in enumerate(pairwise(rows)):
        if _looks_double(upper, lower):
            yield first, tuple(_joined(upper, lower)), 2


def _looks_double(upper: Row, lower: Row) -> bool:
    """A heading of two rows is text all over, and its lower row leaves some columns to the upper."""
    cells = [cell for cell in (*upper.cells, *lower.cells) if cell]
    return (
        len(cells) > 3
        and not any(character.isdigit() for cell in cells for character in cell)
        and any(a and not b for a, b in zip(upper.cells, lower.cells, strict=False))
    )


def _joined(upper: Row, lower: Row) -> Iterator[str]:
    width = max(len(upper.cells), len(lower.cells))
    group = ""
    for i in range(width):
        above = upper.cells[i] if i < len(upper.cells) else ""
        below = lower.cells[i] if i < len(lower.cells) else ""
        group = above or (group if below else "")
        both = f"{group} {below}" if group and below else group or below
        alone = (below, group) if not _TRADES.search(group) else ()
        yield next((name for name in (both, *alone) if name and normal(name) in _KNOWN), both)


def _layout(cells: Sequence[str], named: Mapping[str, str]) -> Layout:
    """For each field the heading that was named for it, else the most telling of those that are there."""
    found = frozenset(normal(cell) for cell in cells if cell) - set(map(normal, named.values()))
    chosen = {field: (heading,) for field, heading in named.items()}
    for field, known in FIELDS.items():
        name = next((name for name in known if normal(name) in found), None)
        if name is not None and field not in chosen:
            chosen[field] = (name,)
    return Layout(chosen, (), _NUMBERS, Text("", ""))
