"""Rules about single orders and their sum: price, size, currency, and what the account can bear."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

from rebalance_kit.checks.facts import Facts
from rebalance_kit.checks.table import Broken, Rule
from rebalance_kit.money import exact_sum, plain, product, ratio, show_money, show_percent
from rebalance_kit.orders import Side, shares_of, show_shares, units_of
from rebalance_kit.policy.placing import may_hold
from rebalance_kit.words import Text

FAT_FINGER = Decimal("0.03")
PLAN_AGE = timedelta(seconds=300)  # of a plan that is to be carried out at a broker
PRICE_JUMP = Decimal("0.15")
JUMP_WINDOW = timedelta(days=7)  # an older close before the last one says nothing about a jump
MAX_ORDER_SHARE = Decimal("0.10")
MAX_TURNOVER = Decimal("0.30")
MAX_ORDERS = 40
REVERSAL = timedelta(days=5)


def price_age(facts: Facts) -> Iterator[Broken]:
    """R08: ages in days, counted to the plan's date; at a broker that is asked for prices, in seconds."""
    yield from live_prices(facts)
    for order in facts.plan.orders:
        limit = facts.policy.prices.max_age_of(order.code)
        quote = facts.prices.quote(order.code)
        age = None if quote is None else (facts.plan.drift.as_of - quote.as_of).days
        if age is None or (limit is not None and age > limit):
            yield Broken(
                Rule.PRICE_AGE,
                Text(f"the price of {order.code} is missing", f"{order.code}의 가격이 없습니다")
                if age is None
                else Text(f"the price of {order.code} is {age} days old, above {limit}",
                          f"{order.code}의 가격이 {age}일 지나 한도 {limit}일을 넘습니다"),
                Text("bring a newer price", "더 새로운 가격을 넣어 주세요"),
                order.code,
            )  # fmt: skip


def live_prices(facts: Facts) -> Iterator[Broken]:
    """R08 and R09 for a broker that is asked for prices: the plan's are its own and minutes old, and hold still."""
    latest = {quote.code: quote.price for quote in facts.latest}
    for order in facts.plan.orders if facts.now is not None and facts.typed is not None else ():
        quote = facts.prices.quote(order.code)
        at = None if quote is None else quote.at
        if at is None or facts.now is None or facts.now - at > PLAN_AGE:
            yield Broken(
                Rule.PRICE_AGE,
                Text(f"the price of {order.code} is no quote of the last {PLAN_AGE.seconds} seconds",
                     f"{order.code}의 가격이 최근 {PLAN_AGE.seconds}초 안의 시세가 아닙니다"),
                Text("plan again", "다시 계획해 주세요"),
                order.code,
            )  # fmt: skip
        elif order.code not in latest:
            yield Broken(
                Rule.PRICE_AGE,
                Text(f"the price of {order.code} is missing", f"{order.code}의 가격이 없습니다"),
                Text("leave it out", "이 주문을 빼 주세요"),
                order.code,
            )
        elif abs(order.reference_price - latest[order.code]) > product(FAT_FINGER, latest[order.code]):
            yield _too_far(order.code, order.reference_price, latest[order.code])


def fat_finger(facts: Facts) -> Iterator[Broken]:
    """R09."""
    for order in facts.plan.orders:
        quote = facts.prices.quote(order.code)
        if quote is None:
            continue
        for price in (order.reference_price, order.limit_price):
            if price is not None and abs(price - quote.price) > product(FAT_FINGER, quote.price):
                yield _too_far(order.code, price, quote.price)
        history = [q for q in facts.prices.history.get(order.code, ()) if q.as_of < quote.as_of]
        if history and quote.as_of - history[-1].as_of <= JUMP_WINDOW:
            before = history[-1].price
            if abs(quote.price - before) > product(PRICE_JUMP, before):
                yield Broken(
                    Rule.FAT_FINGER,
                    Text(f"the price of {order.code} moved from {plain(before)} to {plain(quote.price)}",
                         f"{order.code}의 가격이 {plain(before)}에서 {plain(quote.price)}(으)로 움직였습니다"),
                    Text("make sure that it is no split or mistake", "분할이나 오류가 아닌지 확인해 주세요"),
                    order.code,
                    acknowledge=True,
                )  # fmt: skip


def no_oversell(facts: Facts) -> Iterator[Broken]:
    """R13."""
    for code in _codes(facts, Side.SELL):
        sold = exact_sum(Decimal(order.quantity) for order in facts.orders_for(code) if order.side is Side.SELL)
        there = facts.snapshot.sellable_shares(code, facts.unit)
        if sold > there:
            wanted, may = show_shares(sold), show_shares(there)
            yield Broken(
                Rule.NO_OVERSELL,
                Text(f"{wanted} shares of {code} to sell, {may} may be sold",
                     f"{code} {wanted}주를 팔려고 하나 팔 수 있는 것은 {may}주입니다"),
                Text("plan again", "다시 계획해 주세요"),
                code,
            )  # fmt: skip


def cash(facts: Facts) -> Iterator[Broken]:
    """R14, at the prices and costs that the plan states; the engine sizes buys at their limit."""
    if not facts.plan.orders and facts.flow >= 0:
        return
    for currency in sorted({order.currency for order in facts.plan.orders} | {facts.policy.base_currency}):
        after = facts.cash_after(currency)
        floor = facts.cash_floor(currency)
        if after < floor:
            yield Broken(
                Rule.CASH,
                Text(f"{show_money(after, currency)} would be left, {show_money(floor, currency)} must stay",
                     f"{show_money(after, currency)}이(가) 남게 되나"
                     f" {show_money(floor, currency)}은(는) 있어야 합니다"),
                Text("plan again, or pay money in", "다시 계획하거나 입금해 주세요"),
            )  # fmt: skip


def min_trade(facts: Facts) -> Iterator[Broken]:
    """R15: inclusive; selling out a position is allowed below it (definition 8)."""
    for order in facts.plan.orders:
        held = shares_of(units_of(facts.snapshot.quantity(order.code), facts.unit), facts.unit)
        sells_out = order.side is Side.SELL and order.quantity == held
        if (facts.base_amount(order) < facts.minimum and not sells_out) or order.quantity <= 0:
            base = facts.policy.base_currency
            amount, minimum = show_money(facts.base_amount(order), base), show_money(facts.minimum, base)
            yield Broken(
                Rule.MIN_TRADE,
                Text(f"the order for {order.code} of {amount} is below {minimum}",
                     f"{order.code} 주문 금액 {amount}이(가) 최소 {minimum}보다 작습니다"),
                Text("leave it out", "이 주문을 빼 주세요"),
                order.code,
            )  # fmt: skip


def max_order(facts: Facts) -> Iterator[Broken]:
    """R16: `constraints.max_order_share`. Acknowledged when cash is invested or paid out (definition 22)."""
    stated = facts.policy.rebalancing.constraints.max_order_share
    share = MAX_ORDER_SHARE if stated is None else stated
    limit = product(share, facts.largest_total)
    for order in facts.plan.orders:
        if facts.base_amount(order) > limit:
            part = show_percent(ratio(facts.base_amount(order), facts.largest_total))
            yield Broken(
                Rule.MAX_ORDER,
                Text(f"the order for {order.code} is {part} of the account, above {show_percent(share)}",
                     f"{order.code} 주문이 계좌의 {part}로 한도 {show_percent(share)}를 넘습니다"),
                Text("go part of the way, or raise rebalancing.constraints.max_order_share",
                     "일부만 실행하거나 rebalancing.constraints.max_order_share를 올려 주세요"),
                order.code,
                acknowledge=_one_way(facts),
            )  # fmt: skip


def turnover(facts: Facts) -> Iterator[Broken]:
    """R17: `constraints.max_turnover` and `max_orders`. With the last 30 days together it is acknowledged."""
    limits = facts.policy.rebalancing.constraints
    share = MAX_TURNOVER if limits.max_turnover is None else limits.max_turnover
    allowed = product(share, facts.largest_total)
    orders = (facts.whole or facts.plan).orders
    traded = exact_sum(facts.base_amount(order) for order in orders)
    lately = exact_sum((traded, facts.recent_turnover))
    fix = Text("go part of the way, or raise rebalancing.constraints.max_turnover",
               "일부만 실행하거나 rebalancing.constraints.max_turnover를 올려 주세요")  # fmt: skip
    if traded > allowed or (lately > allowed and not _one_way(facts)):
        part = show_percent(ratio(traded if traded > allowed else lately, facts.largest_total))
        when = ("", "") if traded > allowed else (" with the last 30 days", "(최근 30일 합계)")
        yield Broken(
            Rule.TURNOVER,
            Text(f"the orders{when[0]} are {part} of the account, above {show_percent(share)}",
                 f"주문 총액{when[1]}이 계좌의 {part}로 한도 {show_percent(share)}를 넘습니다"),
            fix,
            acknowledge=_one_way(facts) or traded <= allowed,
        )  # fmt: skip
    most = limits.max_orders or MAX_ORDERS
    if len(orders) > most:
        yield Broken(
            Rule.TURNOVER,
            Text(f"{len(orders)} orders, above {most}",
                 f"주문이 {len(orders)}건으로 한도 {most}건을 넘습니다"),
            Text("raise rebalancing.constraints.max_orders", "rebalancing.constraints.max_orders를 올려 주세요"),
            acknowledge=_one_way(facts),
        )  # fmt: skip


def universe(facts: Facts) -> Iterator[Broken]:
    """R18."""
    for order in facts.plan.orders:
        asset = facts.policy.asset(order.code)
        buying = order.side is Side.BUY
        whole = shares_of(units_of(Decimal(order.quantity), facts.unit), facts.unit)
        if order.quantity != whole or not (isinstance(order.quantity, int) or facts.parts):
            said = show_shares(order.quantity)
            yield Broken(
                Rule.UNIVERSE,
                Text(f"{said} shares of {order.code} are parts of shares that the account or the broker does not trade",
                     f"{order.code} {said}주는 이 계좌나 증권사에서 거래할 수 없는 소수점 수량입니다"),
                Text("plan with `fractional: false` for this account", "이 계좌를 `fractional: false`로 계획해 주세요"),
                order.code,
            )  # fmt: skip
        if asset is None:
            wrong = Text(f"{order.code} is not in the policy", f"{order.code}은(는) 정책에 없습니다")
        elif asset.never_buy and buying:
            wrong = Text(f"{order.code} is never bought", f"{order.code}은(는) 매수 금지 종목입니다")
        elif asset.never_sell and not buying:
            wrong = Text(f"{order.code} is never sold", f"{order.code}은(는) 매도 금지 종목입니다")
        elif buying and not may_hold(facts.policy, asset, order.account):
            wrong = Text(
                f"{order.code} may not be held in {order.account}",
                f"{order.code}은(는) {order.account}에 담을 수 없습니다",
            )
        else:
            continue
        yield Broken(Rule.UNIVERSE, wrong, Text("leave it out", "이 주문을 빼 주세요"), order.code)


def one_side(facts: Facts) -> Iterator[Broken]:
    """R19: both sides in one run never; the reverse of a trade of the last days only knowingly."""
    for code in _codes(facts, Side.BUY) & _codes(facts, Side.SELL):
        wrong = Text(f"{code} is both bought and sold", f"{code}을(를) 사면서 동시에 팝니다")
        yield Broken(Rule.ONE_SIDE, wrong, Text("keep one of the two", "한쪽만 남겨 주세요"), code)
    for order in facts.plan.orders:
        for code, side, day in facts.recent:
            if code == order.code and side is not order.side and facts.session - day <= REVERSAL:
                yield Broken(
                    Rule.ONE_SIDE,
                    Text(f"{code} was traded the other way on {day}", f"{code}을(를) {day}에 반대로 거래했습니다"),
                    Text("make sure that it is meant", "의도한 것인지 확인해 주세요"),
                    code,
                )  # fmt: skip


def currency(facts: Facts) -> Iterator[Broken]:
    """R22."""
    for order in facts.plan.orders:
        quote, asset = facts.prices.quote(order.code), facts.policy.asset(order.code)
        expected = {facts.policy.currency_of(asset)} if asset else set()
        expected |= {quote.currency} if quote else set()
        if expected != {order.currency} or order.rate != facts.prices.rate(order.currency):
            said = ", ".join(sorted(expected))
            yield Broken(
                Rule.CURRENCY,
                Text(f"the order for {order.code} is in {order.currency} at {plain(order.rate)}, policy and price say"
                     f" {said}",
                     f"{order.code} 주문은 {order.currency}(환율 {plain(order.rate)})이나 정책과 가격은 {said}입니다"),
                Text("correct the currency", "통화를 고쳐 주세요"),
                order.code,
            )  # fmt: skip


def _codes(facts: Facts, side: Side) -> set[str]:
    return {order.code for order in facts.plan.orders if order.side is side}


def _one_way(facts: Facts) -> bool:
    """Whether the plan only invests cash that is there or only raises what a person asked to be paid out."""
    plan = facts.whole or facts.plan
    return all(order.side is Side.BUY for order in plan.orders) or bool(facts.plan.options.withdraw)


def _too_far(code: str, price: Decimal, last: Decimal) -> Broken:
    return Broken(
        Rule.FAT_FINGER,
        Text(f"the price {plain(price)} of the order for {code} is more than 3 % from {plain(last)}",
             f"{code} 주문의 가격 {plain(price)}이(가) 최근 가격 {plain(last)}에서 3 % 넘게 벗어납니다"),
        Text("lower rebalancing.orders.tolerance, or plan again",
             "rebalancing.orders.tolerance를 낮추거나 다시 계획해 주세요"),
        code,
    )  # fmt: skip
