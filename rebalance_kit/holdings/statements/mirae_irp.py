"""Mirae Asset's holdings of a retirement account (IRP): names, quantities and values, without a code and a price.

The price is the one that times the quantity gives the printed value. Deposits and funds of the plan are left out and
named, money that waits (현금성자산) is cash.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from rebalance_kit.holdings.model import HoldingsFile
from rebalance_kit.holdings.names import NO_LISTING, Names
from rebalance_kit.holdings.statements.base import Confidence
from rebalance_kit.holdings.statements.korean_rows import Broker, read_korean
from rebalance_kit.holdings.statements.korean_table import headings, knows
from rebalance_kit.policy.model import Policy
from rebalance_kit.textfile.document import Document
from rebalance_kit.words import Text

BROKER = Broker(
    "mirae_irp",
    headings("종목명", "보유량", "운용비율"),
    Text(
        "Mirae Asset's IRP holdings (종목명, 보유량, 매입금액, 평가금액, 운용비율)",
        "미래에셋증권 IRP 보유 종목(종목명, 보유량, 매입금액, 평가금액, 운용비율)",
    ),
    kind="irp",
)


@dataclass(frozen=True)
class MiraeIrp:
    """The holdings of an IRP at Mirae Asset; `names` finds the codes."""

    names: Names = NO_LISTING
    name: str = "mirae_irp"
    wanted: Text = BROKER.wanted

    def recognise(self, document: Document) -> Confidence:
        """CERTAIN when the share of the plan (운용비율) stands beside the holdings."""
        return Confidence.CERTAIN if knows(document, BROKER.fits) else Confidence.NO

    def read(self, document: Document, policy: Policy | None, on: date) -> HoldingsFile:
        """The holdings of the account."""
        return read_korean(document, policy, on, BROKER, self.names)
