"""Balances of Korean brokers that have no format of their own (Shinhan, KB, Toss, Korea Investment): with codes, under
Korean headings, and with more than a plain table has: a deposit or totals around it, cash rows without a code, notes.

A plain table of codes and quantities is left to the generic table, one of names without codes to the table of names.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from rebalance_kit.holdings.model import HoldingsFile
from rebalance_kit.holdings.names import NO_LISTING, Names
from rebalance_kit.holdings.statements.base import Confidence
from rebalance_kit.holdings.statements.korean_cells import ARROWS, has_mark
from rebalance_kit.holdings.statements.korean_kinds import is_abroad
from rebalance_kit.holdings.statements.korean_rows import Broker, read_korean
from rebalance_kit.holdings.statements.korean_table import FIELDS, KINDS, edges_of, fields_in
from rebalance_kit.policy.listing import HANGUL
from rebalance_kit.policy.model import Policy
from rebalance_kit.textfile.document import Document, Row
from rebalance_kit.textfile.table import normal
from rebalance_kit.words import Text

_KINDS = frozenset(map(normal, KINDS))
_AMOUNTS = frozenset({"price", "value", "cost", "average cost"})


def _fits(found: frozenset[str]) -> bool:
    fields = fields_in(found)
    korean = any(HANGUL.search(name) for name in found)
    return korean and {"code", "quantity"} <= fields and bool(fields & _AMOUNTS)


BROKER = Broker(
    "korean",
    _fits,
    Text(
        "a Korean broker's balance (종목코드, 종목명, 보유수량, 현재가, 평가금액)",
        "국내 증권사 잔고(종목코드, 종목명, 보유수량, 현재가, 평가금액)",
    ),
)


@dataclass(frozen=True)
class KoreanTable:
    """A balance under Korean headings that says more than a plain table."""

    names: Names = NO_LISTING
    name: str = "korean"
    wanted: Text = BROKER.wanted

    def recognise(self, document: Document) -> Confidence:
        """LIKELY when something stands around the table, or rows of it have no code or end early."""
        edges = edges_of(document, _fits)
        return Confidence.LIKELY if edges is not None and _says_more(*edges) else Confidence.NO

    def read(self, document: Document, policy: Policy | None, on: date) -> HoldingsFile:
        """The holdings of the file."""
        return read_korean(document, policy, on, BROKER, self.names)


def _says_more(heading: Sequence[str], above: Sequence[Row], rows: Sequence[Row]) -> bool:
    """Whether a file is more than a plain table, by its first and its last rows: something stands around it, rows end
    early or have no code, codes carry the mark of a market, prices an arrow, or a kind says that they trade abroad."""
    if any(sum(map(bool, row.cells)) > 1 for row in above):
        return True
    codes = set(map(normal, FIELDS["code"]))
    column = next(i for i, cell in enumerate(heading) if normal(cell) in codes)
    kinds = [i for i, cell in enumerate(heading) if normal(cell) in _KINDS]
    return any(
        len(row.cells) < len(heading)
        or not row.cells[column]
        or has_mark(row.cells[column])
        or any(cell[:1] in ARROWS for cell in row.cells if cell)
        or any(is_abroad(row.cells[i]) for i in kinds)
        for row in rows
    )
