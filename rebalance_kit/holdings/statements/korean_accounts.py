"""The accounts of a Korean statement: a number, a type (위탁, ISA, 연금저축, IRP), both, or neither."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from rebalance_kit.holdings.statements.assembly import Statement
from rebalance_kit.holdings.statements.korean_facts import Facts
from rebalance_kit.holdings.statements.korean_kinds import account_type
from rebalance_kit.textfile.cells import literal
from rebalance_kit.textfile.document import Row
from rebalance_kit.textfile.table import Table


class Accounts:
    """Which account each row belongs to. A number under which several types stand names an account for each type."""

    def __init__(self, statement: Statement, table: Table, facts: Facts, kind: str | None, rows: Sequence[Row]) -> None:
        self._statement, self._table, self._facts, self._kind = statement, table, facts, kind
        self._types: defaultdict[str, set[str]] = defaultdict(set)
        for row in rows:
            number, named = self._cells(row)
            if number and named:
                self._types[number].add(named)
        self._known: dict[str, None] = {}
        self._last: str | None = None

    def of(self, row: Row) -> str:
        """The account of a row, made known to the statement."""
        number, named = self._cells(row)
        if not number and not named:
            return self._last or self.default(row.line)
        key = number or named
        if number and named and len(self._types[number]) > 1:
            key = f"{number} {named}"
        if key not in self._known:
            kind = account_type(named) or self._kind
            self._remember(self._statement.account(key, named or None, line=row.line, kind=kind))
        self._last = key
        return key  # a merged cell names the account of the rows below it too

    def default(self, line: int = 0) -> str:
        """The account of what names none: the one that the file prints above its table, else the only one there is."""
        kind = self._kind or (account_type(self._facts.account_name) if self._facts.account_name else None)
        printed = self._facts.account
        name = kind.upper() if printed and kind in ("isa", "irp") else None
        return self._remember(self._statement.account(printed or "", name, line=line if printed else 0, kind=kind))

    @property
    def only(self) -> str | None:
        """The one account of the file, None when it has several."""
        if not self._known:
            return self.default()
        return next(iter(self._known)) if len(self._known) == 1 else None

    def _remember(self, key: str) -> str:
        self._known[key] = None
        return key

    def _cells(self, row: Row) -> tuple[str, str]:
        return literal(self._table.text(row, "account")), self._table.text(row, "account type")
