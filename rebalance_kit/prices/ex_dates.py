"""ex_dividends.csv: the days on which assets go ex-dividend (`date, code`; Korean headings too)."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from rebalance_kit.errors import PriceError
from rebalance_kit.policy.model import Policy
from rebalance_kit.prices.codes import Codes
from rebalance_kit.prices.reading import CODE_NAMES
from rebalance_kit.textfile.cells import CellError
from rebalance_kit.textfile.document import open_document
from rebalance_kit.textfile.table import Layout, read_table
from rebalance_kit.words import Text

FILE_NAME = "ex_dividends.csv"
_LAYOUT = Layout(
    fields={
        "date": ("date", "ex_date", "ex-date", "ex date", "배당락일", "권리락일", "일자"),
        "code": CODE_NAMES,
    },
    required=("date", "code"),
    numbers=frozenset(),
    wanted=Text("the headings date and code (or 배당락일, 종목코드)", "date, code(또는 배당락일, 종목코드) 제목"),
)


def read_ex_dates(path: Path, policy: Policy) -> tuple[tuple[str, date], ...]:
    """Every (code, ex-dividend day) of the file, sorted, each once. PriceError with file, line and column."""
    table = read_table(open_document(path, PriceError), _LAYOUT)
    codes = Codes.of(policy)
    found = set()
    for row in table.rows:
        table.grid.check_width(row)
        try:
            code = codes.read(table.text(row, "code"))
        except CellError as problem:
            raise table.located(problem, row, "code") from problem
        day = table.optional_date(row, "date")
        if day is None:
            raise table.problem(
                "cell_empty",
                Text("it is empty", "비어 있습니다"),
                Text("the ex-dividend day, such as 2026-04-29", "2026-04-29처럼 쓴 배당락일"),
                Text("write the day", "날짜를 적어 주세요"),
                row,
                "date",
            )
        found.add((code, day))
    return tuple(sorted(found))
