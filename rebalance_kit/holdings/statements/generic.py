"""The generic table: any text table with a code and a quantity column under usual English or Korean headings."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from rebalance_kit.holdings.columns import HOLDINGS
from rebalance_kit.holdings.model import HoldingsFile
from rebalance_kit.holdings.statements.base import Confidence
from rebalance_kit.holdings.table import read_holdings_table
from rebalance_kit.policy.model import Policy
from rebalance_kit.textfile.document import Document
from rebalance_kit.textfile.table import DELIMITERS, find_heading, has_columns
from rebalance_kit.words import Text


@dataclass(frozen=True, slots=True)
class GenericTable:
    """Claims any table whose headings name a code and a quantity, without insisting."""

    name: str = "table"
    wanted: Text = HOLDINGS.wanted

    def recognise(self, document: Document) -> Confidence:
        """FITS when the headings are there. Raises only when the text cannot be decoded."""
        if document.kind:
            return Confidence.NO
        found = any(
            find_heading(document, delimiter, lambda cells: has_columns(cells, HOLDINGS)) for delimiter in DELIMITERS
        )
        return Confidence.FITS if found else Confidence.NO

    def read(self, document: Document, policy: Policy | None, on: date) -> HoldingsFile:
        """The holdings of the table."""
        return read_holdings_table(document, policy, on)
