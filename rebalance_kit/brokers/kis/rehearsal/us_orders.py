"""US orders: whole shares at a limit; there is no plain market order."""

from __future__ import annotations

from decimal import ROUND_FLOOR, Decimal

from rebalance_kit.brokers.kis.rehearsal.ledger import BUY, SELL, Order
from rebalance_kit.brokers.kis.rehearsal.market import US_MARKETS, Product
from rebalance_kit.brokers.kis.rehearsal.orders import (
    accepted,
    cancel_order,
    new_order,
    number_in,
    refused,
    replace_order,
)
from rebalance_kit.brokers.kis.rehearsal.wire import Call, Reply

_BUYS = frozenset({"TTTT1002U", "VTTT1002U"})
_LIMITS = {BUY: frozenset({"00", "32", "34", "35", "36"}), SELL: frozenset({"00", "31", "32", "33", "34", "35", "36"})}
_UNPRICED = frozenset({"31", "33"})
_BODY = ("CANO", "ACNT_PRDT_CD", "OVRS_EXCG_CD", "PDNO", "ORD_QTY", "OVRS_ORD_UNPR", "ORD_SVR_DVSN_CD")


def order(call: Call) -> Reply:
    """POST overseas order."""
    side = BUY if call.tr_id in _BUYS else SELL
    product = call.world.market.get(call.get("PDNO"), domestic=False)
    why = _fault(call, side, product)
    if why is not None or product is None:
        return refused(call, why or "unknown")
    made = new_order(call, product, side, int(call.get("ORD_QTY")), Decimal(call.get("OVRS_ORD_UNPR")))
    hours = call.world.days.us_hours(made.local_day or call.now.date())
    call.exchange.accept(call.environment, call.account, made, hours, call.effects.script)
    return accepted(call, made, side)


def session_fault(call: Call) -> str | None:
    """Why the US takes no orders now: from the pre-market to the after-market, in mock the regular session only."""
    day = call.world.days.us_day(call.now)
    if not call.world.days.us(day):
        return "day" if call.mock else "us_closed"
    hours = call.world.days.us_hours(day)
    first, last = (hours.opens, hours.closes) if call.mock else (hours.accepts, hours.ends)
    if call.now < first:
        return "early" if call.mock else "us_closed"
    return "us_closed" if call.now >= last else None


def revise_or_cancel(call: Call) -> Reply:
    """POST overseas order-rvsecncl: no branch number here."""
    closed = session_fault(call)
    if closed is not None:
        return refused(call, closed)
    original = _original(call)
    if original is None:
        return refused(call, "original")
    asked = number_in(call, "ORD_QTY")
    if not original.remaining or asked is None or asked != int(asked) or asked < 1:
        return refused(call, "none left" if not original.remaining else "field")
    quantity = min(int(asked), original.remaining)
    if call.get("RVSE_CNCL_DVSN_CD") == "02":
        return accepted(call, cancel_order(call, original, quantity), original.side)
    price = number_in(call, "OVRS_ORD_UNPR")
    product = call.world.market.products[original.code]
    if not price or not product.on_tick(price):
        return refused(call, "tick")
    more = (price * (1 + call.habits.us_extra_hold) - original.reserve_price) * quantity
    if original.buys and more > _means(call):
        return refused(call, "cash")
    return accepted(call, replace_order(call, original, quantity, price), original.side)


def _means(call: Call) -> Decimal:
    """What a buy may come to; with integrated margin the won count too."""
    return call.account.buyable("USD") + won_as_dollars(call)


def won_as_dollars(call: Call) -> Decimal:
    """The dollars that the won of an account with integrated margin would buy; 0 without it."""
    if not call.account.integrated_margin:
        return Decimal(0)
    return (call.account.buyable("KRW") / call.world.market.rate).quantize(Decimal("0.01"), ROUND_FLOOR)


def _original(call: Call) -> Order | None:
    digits, day = call.get("ORGN_ODNO"), call.world.days.us_day(call.now)
    found = [
        o for o in call.account.orders
        if digits.isdigit() and (o.number, o.local_day, o.code) == (int(digits), day, call.get("PDNO"))
        and o.exchange == call.get("OVRS_EXCG_CD") and o.kind != "cancel"
    ]  # fmt: skip
    return found[0] if found else None


def _fault(call: Call, side: str, product: Product | None) -> str | None:
    if any(not call.get(name) for name in _BODY) or call.get("OVRS_EXCG_CD") not in US_MARKETS:
        return "field"
    if not call.get("ORD_QTY").isdigit() or call.get("ORD_QTY") == "0":
        return "field"
    order_type = call.get("ORD_DVSN")
    if order_type not in (frozenset({"00"}) if call.mock else _LIMITS[side]):
        return "type"
    if product is None or product.market != call.get("OVRS_EXCG_CD") or (call.mock and not product.mock):
        return "unknown"
    closed = session_fault(call)
    if closed is not None:
        return closed
    if product.halted:
        return "halted"
    price = number_in(call, "OVRS_ORD_UNPR")
    if price is None or (price > 0) is (order_type in _UNPRICED) or price < 0 or not product.on_tick(price):
        return "tick"
    quantity = int(call.get("ORD_QTY"))
    if side == SELL:
        return "quantity" if quantity > call.account.sellable(product.code) else None
    return "cash" if price * (1 + call.habits.us_extra_hold) * quantity > _means(call) else None
