"""Mirae Asset's holdings of an ordinary account: each row says what it is (유형) and has a name, but no code.

Of assets abroad (유형 해외주식) the price and value are in dollars while the cost is in won, and so is not used.
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
    "mirae",
    headings("유형", "종목명", "보유량", any_of=("평균단가", "매입금액", "현재가", "평가금액")),
    Text(
        "Mirae Asset's holdings (유형, 종목명, 종목구분, 보유량, 평균단가, 매입금액, 현재가, 평가금액)",
        "미래에셋증권 보유 종목(유형, 종목명, 종목구분, 보유량, 평균단가, 매입금액, 현재가, 평가금액)",
    ),
)


@dataclass(frozen=True)
class Mirae:
    """The holdings of one account at Mirae Asset; `names` finds the codes."""

    names: Names = NO_LISTING
    name: str = "mirae"
    wanted: Text = BROKER.wanted

    def recognise(self, document: Document) -> Confidence:
        """CERTAIN when the headings are Mirae's."""
        return Confidence.CERTAIN if knows(document, BROKER.fits) else Confidence.NO

    def read(self, document: Document, policy: Policy | None, on: date) -> HoldingsFile:
        """The holdings of the account."""
        return read_korean(document, policy, on, BROKER, self.names)
