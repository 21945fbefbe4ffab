"""Samsung Securities' holdings of all accounts: a number and a type (위탁, ISA, 연금) in each row, but no code.

The same asset stands once for each account. Cash is a row among the others (현금, 예수금, RP). The return (수익률) is a
fraction here, 0.0667 for 6.67 %; it says nothing that is needed.
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
    "samsung",
    headings("계좌번호", "계좌유형", "종목명", "잔고수량"),
    Text(
        "Samsung Securities' holdings (계좌번호, 계좌유형, 종목명, 잔고수량, 매수단가, 현재가, 평가금액)",
        "삼성증권 보유 종목(계좌번호, 계좌유형, 종목명, 잔고수량, 매수단가, 현재가, 평가금액)",
    ),
)


@dataclass(frozen=True)
class Samsung:
    """The holdings of every account at Samsung Securities; `names` finds the codes."""

    names: Names = NO_LISTING
    name: str = "samsung"
    wanted: Text = BROKER.wanted

    def recognise(self, document: Document) -> Confidence:
        """CERTAIN when each row names the number and the type of its account."""
        return Confidence.CERTAIN if knows(document, BROKER.fits) else Confidence.NO

    def read(self, document: Document, policy: Policy | None, on: date) -> HoldingsFile:
        """The holdings of the account."""
        return read_korean(document, policy, on, BROKER, self.names)
