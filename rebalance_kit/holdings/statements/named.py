"""Tables with names instead of codes, under usual Korean or English headings: what many brokers and phones export.

Where the table has codes too it is the generic table's, unless its heading takes two rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from rebalance_kit.holdings.model import HoldingsFile
from rebalance_kit.holdings.names import NO_LISTING, Names
from rebalance_kit.holdings.statements.base import Confidence
from rebalance_kit.holdings.statements.korean_rows import Broker, read_korean
from rebalance_kit.holdings.statements.korean_table import fields_in, knows
from rebalance_kit.policy.model import Policy
from rebalance_kit.textfile.document import Document
from rebalance_kit.words import Text

_AMOUNTS = frozenset({"price", "value", "cost", "average cost"})


def _fits(found: frozenset[str]) -> bool:
    fields = fields_in(found)
    return {"name", "quantity"} <= fields and "code" not in fields and bool(fields & _AMOUNTS)


BROKER = Broker(
    "names",
    _fits,
    Text(
        "a table of names and quantities (종목명, 보유수량, 현재가, 평가금액), with a listing to find the codes",
        "종목명과 보유수량이 있는 표(종목명, 보유수량, 매입단가, 현재가, 평가금액)와 코드를 찾을 종목 목록",
    ),
)


@dataclass(frozen=True)
class NamedTable:
    """Any table of names and quantities; `names` finds the codes."""

    names: Names = NO_LISTING
    name: str = "names"
    wanted: Text = BROKER.wanted

    def recognise(self, document: Document) -> Confidence:
        """FITS when names, quantities and an amount are there, and no code."""
        return Confidence.FITS if knows(document, BROKER.fits) else Confidence.NO

    def read(self, document: Document, policy: Policy | None, on: date) -> HoldingsFile:
        """The holdings of the account."""
        return read_korean(document, policy, on, BROKER, self.names)
