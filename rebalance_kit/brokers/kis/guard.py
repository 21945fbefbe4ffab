"""Orders that the service would certainly refuse, refused before anything leaves."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction

from rebalance_kit.brokers.base import BrokerOrder
from rebalance_kit.brokers.kis.listings import Listing
from rebalance_kit.brokers.kis.quotes import Limits
from rebalance_kit.money import ZERO, plain
from rebalance_kit.orders import tick_size
from rebalance_kit.words import Text


def refusal(order: BrokerOrder, listing: Listing, limits: Limits | None, day: date) -> Text | None:
    """Why an order must not leave; None if nothing is wrong with it. `limits` are those of the newest quote."""
    price = order.limit_price
    if order.quantity < 1 or order.quantity != int(order.quantity):
        return Text("an order is for whole shares, at least one", "주문은 1주 이상의 정수여야 합니다")
    if order.currency != listing.currency:
        return Text(f"{order.code} trades in {listing.currency}", f"{order.code}의 통화는 {listing.currency}입니다")
    if limits is not None and limits.halted:
        return Text(f"trading in {order.code} is halted", f"{order.code}은(는) 거래가 정지되어 있습니다")
    if price is None:
        if listing.exchange == "XKRX":
            return None
        return Text("there are no market orders for American shares", "미국 주식은 시장가 주문이 없습니다")
    return _off_tick(price, listing, limits, day) or _beyond(price, limits)


def _off_tick(price: Decimal, listing: Listing, limits: Limits | None, day: date) -> Text | None:
    """The tick of the table, and that of the service where it says one: the larger must hold."""
    tick = tick_size(price, listing.instrument, day)
    ticks = [tick]
    if limits is not None and limits.tick is not None and limits.tick > tick and listing.exchange == "XKRX":
        ticks.append(limits.tick)
    wrong = next((each for each in ticks if Fraction(price) % Fraction(each)), None)
    if wrong is None and price > 0:
        return None
    return Text(f"{plain(price)} is not on the tick of {plain(wrong or tick)}",
                f"{plain(price)}은(는) 호가단위 {plain(wrong or tick)}에 맞지 않습니다")  # fmt: skip


def _beyond(price: Decimal, limits: Limits | None) -> Text | None:
    upper, lower = (limits.upper, limits.lower) if limits else (None, None)
    if (upper is not None and price > upper) or (lower is not None and price < lower):
        span = f"{plain(lower or ZERO)}-{plain(upper or ZERO)}"
        return Text(f"{plain(price)} is beyond the day's limits {span}",
                    f"{plain(price)}은(는) 오늘의 가격제한폭 {span} 밖입니다")  # fmt: skip
    return None
