"""Domestic orders: buy, sell, revise, cancel, with every check that the service makes."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation

from rebalance_kit.brokers.kis.rehearsal.ledger import BUY, SELL, Order
from rebalance_kit.brokers.kis.rehearsal.market import Product
from rebalance_kit.brokers.kis.rehearsal.wire import Call, Reply, hms, refuse

_BUYS = frozenset({"TTTC0012U", "VTTC0012U"})
_PRICED = frozenset({"00", "02", "11", "12"})
_UNPRICED = frozenset({"01", "03", "04", "13", "14", "15", "16"})
_MOCK_TYPES = frozenset({"00", "01", "02", "03", "04"})
_TYPES = {
    "KRX": _PRICED | _UNPRICED,
    "NXT": frozenset({"00", "03", "04", "11", "12", "13", "14", "15", "16"}),
    "SOR": frozenset({"00", "01", "03", "04", "11", "12", "13", "14", "15", "16"}),
}
_BODY = ("CANO", "ACNT_PRDT_CD", "PDNO", "ORD_DVSN", "ORD_QTY", "ORD_UNPR")

# What is refused: code and words, real and mock. Where no code of the mock service is known, it answers as the real
# one; below the lower limit no code is known at all, and that of the upper one stands in.
_REFUSALS = {
    "cash": (("APBK0952", "주문가능금액을 초과 했습니다"), ("40250000", "모의투자 주문가능금액이 부족합니다.")),
    "quantity": (("APBK0400", "주문 가능한 수량을 초과했습니다."),) * 2,
    "tick": (("APBK0506", "주식주문호가단위 오류입니다."), ("40030000", "모의투자 호가단위 오류입니다.")),
    "upper": (("APBK0406", "주문가격이 상한가를 초과 했습니다."),) * 2,
    "lower": (("APBK0406", "주문가격이 하한가 미만입니다."),) * 2,
    "unknown": (("APBK0656", "해당종목정보가 없습니다."),) * 2,
    "halted": (("APBK0066", "거래정지 종목입니다."),) * 2,
    "type": (("APBK1943", "시장가 호가 불가합니다."),) * 2,
    "day": (("APBK0919", "장운영일자가 주문일과 상이합니다"), ("40100000", "모의투자 영업일이 아닙니다.")),
    "early": (("APBK0918", "장운영시간이 아닙니다"), ("40570000", "모의투자 장시작전 입니다.")),
    "late": (("APBK0918", "장운영시간이 아닙니다"), ("40580000", "모의투자 장종료 입니다.")),
    "us_closed": (("APBK1664", "해당 시간에는 주문이 불가합니다."), ("40580000", "모의투자 장종료 입니다.")),
    "original": (("APBK0344", "원주문정보가 존재하지않습니다."),) * 2,
    "none left": (
        ("APBK0918", "정정/취소할 수량이 없습니다."), ("40330000", "모의투자 정정/취소할 수량이 없습니다."),
    ),
    "unsupported": (("90000000", "모의투자에서는 해당업무가 제공되지 않습니다."),) * 2,
    "field": (("OPSQ0003", "ERROR : INPUT FIELD"),) * 2,
}  # fmt: skip


def refused(call: Call, why: str) -> Reply:
    """A business refusal in the words of the call's environment."""
    code, text = _REFUSALS[why][call.mock]
    return refuse(code, text, rt_cd="7" if code == "APBK0952" else "1")


def number_in(call: Call, name: str) -> Decimal | None:
    """A number of the request; None when it is none, or not finite."""
    try:
        found = Decimal(call.get(name) or "0")
    except InvalidOperation:
        return None
    return found if found.is_finite() else None


def order_cash(call: Call) -> Reply:
    """POST order-cash."""
    side = BUY if call.tr_id in _BUYS else SELL
    product = call.world.market.get(call.get("PDNO"), domestic=True)
    why = _fault(call, side, product)
    if why is not None or product is None:
        return refused(call, why or "unknown")
    quantity, price = int(call.get("ORD_QTY")), Decimal(call.get("ORD_UNPR") or 0)
    order_type = call.get("ORD_DVSN")
    order = new_order(call, product, side, quantity, _working_price(product, side, order_type, price))
    hours = call.world.days.krx_hours(order.day)
    call.exchange.accept(call.environment, call.account, order, hours, call.effects.script)
    return accepted(call, order, side)


def session_fault(call: Call) -> str | None:
    """Why KRX takes no orders now."""
    today = call.now.date()
    if not call.world.days.krx(today):
        return "day"
    hours = call.world.days.krx_hours(today)
    if call.now < hours.accepts:
        return "early"
    return "late" if call.now >= hours.ends else None


def new_order(call: Call, product: Product, side: str, quantity: int, price: Decimal) -> Order:
    """An order row with today's next number. A market buy reserves the upper limit."""
    domestic = product.domestic
    habits, today = call.habits, call.now.date()
    lag = call.effects.invisible
    lag = (habits.lag if domestic else habits.us_lag) if lag is None else lag
    reserve = price or product.upper
    return Order(
        day=today,
        number=call.world.next_number(call.environment, "KRX" if domestic else "US", today),
        branch=habits.branch if domestic else habits.us_branch,
        code=product.code,
        side=side,
        quantity=quantity,
        price=price,
        order_type=call.get("ORD_DVSN"),
        exchange=call.get("EXCG_ID_DVSN_CD") or "KRX" if domestic else product.market,
        currency=product.currency,
        placed=call.now,
        visible=call.now + timedelta(seconds=lag),
        local_day=None if domestic else call.world.days.us_day(call.now),
        reserve_price=reserve if domestic else reserve * (1 + habits.us_extra_hold),
    )


def accepted(call: Call, order: Order, side: str) -> Reply:
    """The reply to an accepted order: branch, number, Korean time."""
    code, text = "APBK0013", "주문 전송 완료 되었습니다."
    if call.mock:
        buys = side == BUY
        code, text = ("40600000", "모의투자 매수주문이 완료 되었습니다.") if buys else (
            "40590000", "모의투자 매도주문이 완료 되었습니다.")  # fmt: skip
    output = {"KRX_FWDG_ORD_ORGNO": order.branch, "ODNO": f"{order.number:010d}", "ORD_TMD": hms(order.placed)}
    return Reply({"rt_cd": "0", "msg_cd": code, "msg1": text, "output": output})


def revise_or_cancel(call: Call) -> Reply:
    """POST order-rvsecncl."""
    why = session_fault(call)
    if why is not None:
        return refused(call, why)
    original = _original(call)
    if original is None:
        return refused(call, "original")
    if not original.remaining:
        return refused(call, "none left")
    everything, asked = call.get("QTY_ALL_ORD_YN") == "Y", number_in(call, "ORD_QTY")
    if asked is None or (not everything and (asked < 1 or asked != int(asked))):
        return refused(call, "field")
    quantity = original.remaining if everything else int(asked)
    if quantity > original.remaining:
        return refused(call, "none left")
    if call.get("RVSE_CNCL_DVSN_CD") == "02":
        return accepted(call, cancel_order(call, original, quantity), original.side)
    return _revise(call, original, quantity)


def cancel_order(call: Call, original: Order, quantity: int) -> Order:
    """Cancel some of an order: its instruction gets a row and a number of its own."""
    product = call.world.market.products[original.code]
    row = new_order(call, product, original.side, quantity, Decimal(0))
    row.kind, row.original, row.order_type = "cancel", original.number, original.order_type
    row.exchange, row.day, row.local_day = original.exchange, original.day, original.local_day
    original.cancelled += quantity
    call.account.orders.append(row)
    return row


def replace_order(call: Call, original: Order, quantity: int, price: Decimal) -> Order:
    """Revise some of an order: the new row is the live one."""
    product = call.world.market.products[original.code]
    row = new_order(call, product, original.side, quantity, price)
    row.kind, row.original, row.exchange = "revise", original.number, original.exchange
    row.day, row.local_day = original.day, original.local_day
    row.order_type = call.get("ORD_DVSN") or original.order_type
    original.cancelled += quantity
    original.replaced = True
    call.exchange.replace(call.account, original, row, call.environment)
    return row


def _revise(call: Call, original: Order, quantity: int) -> Reply:
    product = call.world.market.products[original.code]
    price = number_in(call, "ORD_UNPR")
    why = "field" if price is None else _price_fault(call, product, price)
    if why is not None or price is None:
        return refused(call, why or "field")
    reserve = (price or product.upper) * quantity
    freed = original.reserve_price * quantity
    if original.buys and reserve - freed > call.account.buyable():
        return refused(call, "cash")
    return accepted(call, replace_order(call, original, quantity, price), original.side)


def _original(call: Call) -> Order | None:
    """The order that is meant: number, branch and exchange must all be right."""
    digits = call.get("ORGN_ODNO")
    found = [
        o for o in call.account.orders
        if digits.isdigit() and (o.day, o.number) == (call.now.date(), int(digits)) and o.local_day is None
        and o.branch == call.get("KRX_FWDG_ORD_ORGNO") and o.exchange == (call.get("EXCG_ID_DVSN_CD") or "KRX")
        and o.kind != "cancel"
    ]  # fmt: skip
    return found[0] if found else None


def _fault(call: Call, side: str, product: Product | None) -> str | None:
    """Why an order is refused, in the order in which the service looks."""
    if any(not call.get(name) for name in _BODY) or not call.get("ORD_QTY").isdigit() or call.get("ORD_QTY") == "0":
        return "field"
    exchange, order_type = call.get("EXCG_ID_DVSN_CD") or "KRX", call.get("ORD_DVSN")
    if call.mock and exchange != "KRX":
        return "unsupported"
    if order_type not in (_MOCK_TYPES if call.mock else _TYPES.get(exchange, frozenset())):
        return "type"
    if product is None or (call.mock and not product.mock):
        return "unknown"
    closed = session_fault(call)
    if closed is not None:
        return closed
    if product.halted:
        return "halted"
    price = number_in(call, "ORD_UNPR")
    wrong = "field" if price is None else _price_fault(call, product, price)
    return wrong or _means_fault(call, side, product, price or Decimal(0))


def _price_fault(call: Call, product: Product, price: Decimal) -> str | None:
    priced = call.get("ORD_DVSN") in _PRICED
    if priced is not (price > 0):
        return "tick"
    if not priced:
        return None
    if not product.on_tick(price):
        return "tick"
    if price > product.upper:
        return "upper"
    return "lower" if price < product.lower else None


def _means_fault(call: Call, side: str, product: Product, price: Decimal) -> str | None:
    quantity = int(call.get("ORD_QTY"))
    if side == SELL:
        return "quantity" if quantity > call.account.sellable(product.code) else None
    working = _working_price(product, side, call.get("ORD_DVSN"), price) or product.upper
    return "cash" if working * quantity > call.account.buyable() else None


def _working_price(product: Product, side: str, order_type: str, price: Decimal) -> Decimal:
    """The limit that an order works with: the best price of either side for those types, 0 for a market order."""
    if order_type in _PRICED:
        return price
    ask, bid = next(product.asks())[0], next(product.bids())[0]
    if order_type in ("03", "15", "16"):
        return ask if side == BUY else bid
    if order_type == "04":
        return bid if side == BUY else ask
    return Decimal(0)


def placed_elsewhere(call: Call, code: str, side: str, quantity: int, price: Decimal, at: datetime) -> Order:
    """An order that a person places by phone or with the broker's own program."""
    product = call.world.market.products[code]
    order = new_order(call, product, side, quantity, price)
    order.channel, order.visible, order.order_type = "HTS", at, "00" if price else "01"
    days = call.world.days
    hours = days.krx_hours(order.day) if order.local_day is None else days.us_hours(order.local_day)
    call.exchange.accept(call.environment, call.account, order, hours, None)
    return order
