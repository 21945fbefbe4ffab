"""The table whose columns a person has named in mapping.yaml: told, and therefore surer than any guess."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from rebalance_kit.holdings.mapping import ColumnMapping
from rebalance_kit.holdings.model import HoldingsFile
from rebalance_kit.holdings.names import NO_LISTING, Names
from rebalance_kit.holdings.statements.base import Confidence
from rebalance_kit.holdings.statements.korean_rows import Broker, read_korean
from rebalance_kit.holdings.statements.korean_table import fields_in, knows
from rebalance_kit.policy.model import Policy
from rebalance_kit.textfile.document import Document
from rebalance_kit.textfile.table import normal
from rebalance_kit.words import Text

WANTED = Text("a table with the headings of mapping.yaml", "mapping.yaml에 적은 제목이 있는 표")


@dataclass(frozen=True)
class MappedTable:
    """Claims every table that has all the headings of a mapping, and with them quantities and codes or names."""

    mapping: ColumnMapping
    names: Names = NO_LISTING
    name: str = "mapped"
    wanted: Text = WANTED

    def recognise(self, document: Document) -> Confidence:
        """TOLD when the headings are there."""
        return Confidence.TOLD if knows(document, self._fits) else Confidence.NO

    def read(self, document: Document, policy: Policy | None, on: date) -> HoldingsFile:
        """The holdings of the table."""
        home = self.mapping.currency or (policy.base_currency if policy else "KRW")
        broker = Broker(self.name, self._fits, self.wanted, home=home, columns=self.mapping.columns,
                        account=self.mapping.account)  # fmt: skip
        return read_korean(document, policy, on, broker, self.names)

    def _fits(self, found: frozenset[str]) -> bool:
        mapped = self.mapping.columns
        if not mapped or not all(normal(heading) in found for heading in mapped.values()):
            return False
        fields = fields_in(found) | set(mapped)
        return "quantity" in fields and bool({"code", "name"} & fields)
