"""Cancelling and revising: the newest number of an order, its own branch and venue, and what an answer settles.

An acknowledged cancellation cancels nothing for certain, as a fill may have been faster, and one that finds nothing
left is no failure. Either way the list says what became of the order.
"""

from __future__ import annotations

from decimal import Decimal

from rebalance_kit.brokers.base import Answer, Reply
from rebalance_kit.brokers.kis import domestic, overseas
from rebalance_kit.brokers.kis.client import Client
from rebalance_kit.brokers.kis.codes import Kind
from rebalance_kit.brokers.kis.listings import Listings, Market
from rebalance_kit.brokers.kis.rows import Live, number_of
from rebalance_kit.brokers.kis.table import Call
from rebalance_kit.words import Text

_DONE = Text("nothing is left of it", "남은 수량이 없습니다")


class Changes:
    """Changes of the orders of one profile."""

    def __init__(self, client: Client, listings: Listings) -> None:
        self._client = client
        self._listings = listings

    def change(self, number: str, live: Live | None, price: Decimal | None, *, known: bool) -> Reply:
        """Cancel an order (no price) or put it to another price. `live` is what the list says is left of it."""
        if live is None:
            missing = Text(f"there is no order {number} today", f"오늘 주문 {number}이(가) 없습니다")
            return Reply(Answer.ACCEPTED if known and price is None else Answer.REJECTED, _DONE if known else missing)
        if live.exchange in Market.__members__:
            listing = self._listings.get(live.code)
            body = overseas.change_body(live, listing.symbol if listing else live.code, price)
            sent = self._client.order(Call.US_CHANGE, body)
        else:
            sent = self._client.order(Call.CHANGE, domestic.change_body(live, price))
        if sent.kind is Kind.NONE_LEFT and price is None:
            return Reply(Answer.ACCEPTED, sent.says)
        return Reply(sent.answer, sent.says, number_of(sent.output.text("ODNO")) or None)
