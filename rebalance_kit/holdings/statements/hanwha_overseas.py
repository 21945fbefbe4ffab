"""Hanwha Investment's balance abroad: every amount is in won, with the rate it was converted at (기준환율) in each row.

The price in the asset's own currency is the one that times the rate gives the printed price; its cost in that currency
is not known, for the rates of the purchases are not printed.
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
    "hanwha_overseas",
    headings("종목명", "결제보유수량", "종목코드", any_of=("기준환율", "거래국가", "거래시장")),
    Text(
        "Hanwha Investment's balance abroad (종목명, 결제보유수량, 현재가, 평가금액, 종목코드, 기준환율, 통화)",
        "한화투자증권 해외 잔고(종목명, 결제보유수량, 현재가, 평가금액, 종목코드, 기준환율, 통화)",
    ),
    won_abroad=True,
)


@dataclass(frozen=True)
class HanwhaOverseas:
    """The holdings abroad of one account at Hanwha Investment."""

    names: Names = NO_LISTING
    name: str = "hanwha_overseas"
    wanted: Text = BROKER.wanted

    def recognise(self, document: Document) -> Confidence:
        """CERTAIN when settled shares stand beside the rate or the market abroad."""
        return Confidence.CERTAIN if knows(document, BROKER.fits) else Confidence.NO

    def read(self, document: Document, policy: Policy | None, on: date) -> HoldingsFile:
        """The holdings of the account."""
        return read_korean(document, policy, on, BROKER, self.names)
