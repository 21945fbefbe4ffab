"""Rules about the account and the moment: is this the plan, the account, the policy and the day that were meant?"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from rebalance_kit.checks.facts import Facts
from rebalance_kit.checks.table import Broken, Rule
from rebalance_kit.costs import exchanged
from rebalance_kit.money import exact_sum, plain, product, show_money
from rebalance_kit.words import Text

DATA_TOLERANCE = Decimal("0.001")
_PLAN_AGAIN = Text("plan again from what is there now", "지금 잔고로 다시 계획해 주세요")


def mode(facts: Facts) -> Iterator[Broken]:
    """R01: paper shown and live meant must be impossible, so the mode has no default."""
    actual = facts.identity.mode
    if facts.mode is actual:
        return
    said = facts.mode.value if facts.mode else "no"
    said_ko = facts.mode.value if facts.mode else "없음"
    yield Broken(
        Rule.MODE,
        Text(f"the run asked for {said} mode and the broker is in {actual.value} mode",
             f"실행 모드는 {said_ko}, 증권사 모드는 {actual.value}입니다"),
        Text("name the mode that is meant", "뜻한 모드를 명시해 주세요"),
    )  # fmt: skip


def account(facts: Facts) -> Iterator[Broken]:
    """R02."""
    named = {order.account for order in facts.plan.orders} | {line.account for line in facts.plan.exchanges}
    for name in sorted(named - {facts.account}):
        yield Broken(
            Rule.ACCOUNT,
            Text(f"an order is for the account {name} and the broker's is {facts.account}",
                 f"주문의 계좌는 {name}, 증권사의 계좌는 {facts.account}입니다"),
            Text("plan for one account", "한 계좌로 계획해 주세요"),
        )  # fmt: skip


def kill_switch(facts: Facts) -> Iterator[Broken]:
    """R03. The engine asks again before every order."""
    if facts.stopped:
        yield Broken(
            Rule.KILL_SWITCH,
            Text("the kill switch is on", "긴급 정지가 켜져 있습니다"),
            Text("switch it off with `rebalance stop --off`", "`rebalance stop --off`로 꺼 주세요"),
        )


def approved(facts: Facts) -> Iterator[Broken]:
    """R04: the policy's hash is the approved one, where one was approved; the typed id is the plan's."""
    wanted = facts.policy.governance.approved
    if wanted is not None and wanted != facts.policy_hash:
        yield Broken(
            Rule.APPROVED,
            Text(f"the policy's hash is {facts.policy_hash[:12]} and the approved one is {wanted[:12]}",
                 f"정책 해시는 {facts.policy_hash[:12]}, 승인된 해시는 {wanted[:12]}입니다"),
            Text("approve the policy, or undo the change", "정책을 승인하거나 변경을 되돌려 주세요"),
        )  # fmt: skip
    if facts.typed is not None and facts.typed != facts.plan.plan_id:
        yield Broken(
            Rule.APPROVED,
            Text(f"the typed id {facts.typed[:40]} is not the plan's, which is {facts.plan.plan_id}",
                 f"입력한 번호 {facts.typed[:40]}이(가) 계획 번호 {facts.plan.plan_id}와 다릅니다"),
            Text("read the plan as it is now and type its id", "지금 계획을 읽고 그 번호를 입력해 주세요"),
        )  # fmt: skip


def snapshot(facts: Facts) -> Iterator[Broken]:
    """R06: somebody traded, or the file was edited, since the plan was made."""
    for asset in facts.plan.drift.assets:
        held = facts.snapshot.quantity(asset.code)
        if held != asset.quantity:
            yield _differs(f"{asset.code}: {plain(held)}", plain(asset.quantity), asset.code)
    known = {asset.code for asset in facts.plan.drift.assets}
    for position in facts.snapshot.positions:
        if position.code not in known and position.quantity:
            yield _differs(f"{position.code}: {plain(position.quantity)}", "0", position.code)
    planned = _by_currency((row.currency, row.amount) for row in facts.plan.drift.cash)
    there = _by_currency((row.currency, row.amount) for row in facts.snapshot.cash)
    for currency in sorted(planned.keys() | there.keys()):
        has, had = there.get(currency, Decimal(0)), planned.get(currency, Decimal(0))
        if has != had:
            yield _differs(show_money(has, currency), show_money(had, currency), None)


def session(facts: Facts) -> Iterator[Broken]:
    """R07. A plan that nobody has typed back is only looked at; of one that trades on two exchanges, the orders for
    the closed one are refused and the others sent."""
    codes = {code for code, _ in facts.closed}
    some_open = any(order.code not in codes for order in facts.plan.orders)
    for why in dict.fromkeys(why for _, why in facts.closed):
        names = ", ".join(code for code, reason in facts.closed if reason == why)
        yield Broken(
            Rule.SESSION,
            Text(f"{names}: {why.en}", f"{names}: {why.ko}"),
            Text("run it while the exchange is open", "장이 열려 있을 때 실행해 주세요"),
            acknowledge=facts.typed is None or some_open,
        )


def data_total(facts: Facts) -> Iterator[Broken]:
    """R24: holdings that an adapter reported twice do not add up."""
    parts = [facts.value(p.code, p.quantity) for p in facts.snapshot.positions if facts.prices.quote(p.code)]
    parts += [facts.prices.in_base(c.amount, c.currency) for c in facts.snapshot.cash]
    there = exact_sum(parts)
    kept_out = exact_sum(row.value for row in facts.plan.drift.cash if not row.counted)
    planned = exact_sum((facts.plan.drift.total_value, kept_out))
    if abs(there - planned) > product(DATA_TOLERANCE, planned):
        base = facts.policy.base_currency
        yield Broken(
            Rule.DATA_TOTAL,
            Text(f"the account adds up to {show_money(there, base)} and the plan says {show_money(planned, base)}",
                 f"계좌 합계는 {show_money(there, base)}, 계획의 총액은 {show_money(planned, base)}입니다"),
            _PLAN_AGAIN,
        )  # fmt: skip


def open_orders(facts: Facts) -> Iterator[Broken]:
    """R20."""
    traded = {order.code for order in facts.plan.orders}
    for row in facts.orders.rows:
        if row.channel == "api" and row.number not in facts.owned:
            yield Broken(
                Rule.OPEN_ORDERS,
                Text(f"order {row.number} was placed by another program",
                     f"주문 {row.number}은(는) 다른 프로그램이 낸 것입니다"),
                Text("let one program trade the account", "한 프로그램만 계좌를 거래하게 해 주세요"),
                row.code,
            )  # fmt: skip
        elif row.live and row.code in traded:
            yield Broken(
                Rule.OPEN_ORDERS,
                Text(f"order {row.number} for {row.code} is still open",
                     f"{row.code}의 주문 {row.number}이(가) 미체결입니다"),
                Text("wait for it or cancel it", "체결을 기다리거나 취소해 주세요"),
                row.code,
            )  # fmt: skip
    for code, side in sorted(facts.unresolved):
        yield Broken(
            Rule.OPEN_ORDERS,
            Text(f"what became of a {side.value} order for {code} is not known",
                 f"{code} {side.value} 주문의 결과를 알 수 없습니다"),
            Text("wait until the broker's list decides it", "증권사의 주문 내역으로 확인될 때까지 기다려 주세요"),
            code,
        )  # fmt: skip


def once(facts: Facts) -> Iterator[Broken]:
    """R21: a job that fires twice, or a second click after a re-plan, must not trade again."""
    if facts.earlier_run is not None and not facts.again:
        yield Broken(
            Rule.ONCE,
            Text(f"run {facts.earlier_run} has executed this policy on {facts.session} already",
                 f"{facts.session}에 이 정책을 이미 실행했습니다(실행 {facts.earlier_run})"),
            Text("say --again if a second run is meant", "한 번 더 실행하려면 --again을 붙여 주세요"),
        )  # fmt: skip


def exchange(facts: Facts) -> Iterator[Broken]:
    """R29: what this program cannot exchange, a person exchanges first."""
    lines = facts.own_exchanges
    if lines and not facts.exchanges:
        said = ", ".join(f"{show_money(x.sold, x.sold_currency)} → {show_money(x.bought, x.bought_currency)}"
                         for x in lines)  # fmt: skip
        yield Broken(
            Rule.EXCHANGE,
            Text(f"this broker cannot exchange {said} for this program",
                 f"이 증권사에서는 프로그램으로 환전할 수 없습니다({said})"),
            Text("exchange it at the broker, then plan again", "증권사에서 직접 환전한 뒤 다시 계획해 주세요"),
        )  # fmt: skip
    for line in lines:
        foreign = line.bought_currency if line.sold_currency == facts.policy.base_currency else line.sold_currency
        size = line.bought if foreign == line.bought_currency else line.sold.copy_negate()
        due = exchanged(line.account, facts.policy.base_currency, foreign, size,
                        rate=facts.prices.rate(foreign), spread=facts.policy.costs.fx_spread)  # fmt: skip
        if due != line:
            yield Broken(
                Rule.EXCHANGE,
                Text(f"the exchange into {line.bought_currency} is not at the rate {plain(due.rate)} and its cost",
                     f"{line.bought_currency} 환전의 환율이나 비용이 {plain(due.rate)} 기준과 다릅니다"),
                _PLAN_AGAIN,
            )  # fmt: skip


def certificate(facts: Facts) -> Iterator[Broken]:
    """R28 (definition 10)."""
    if not facts.plan.certificate.valid:
        failed = ", ".join(check.name for check in facts.plan.certificate.checks if not check.holds)
        yield Broken(
            Rule.CERTIFICATE,
            Text(f"the certificate does not hold: {failed}", f"검산이 맞지 않습니다: {failed}"),
            Text("plan again", "다시 계획해 주세요"),
        )


def _by_currency(rows: Iterator[tuple[str, Decimal]]) -> dict[str, Decimal]:
    sums: dict[str, Decimal] = {}
    for currency, amount in rows:
        sums[currency] = exact_sum((sums.get(currency, Decimal(0)), amount))
    return sums


def _differs(has: str, planned: str, asset: str | None) -> Broken:
    return Broken(
        Rule.SNAPSHOT,
        Text(f"the broker holds {has} and the plan was made from {planned}",
             f"증권사 잔고는 {has}, 계획의 근거는 {planned}입니다"),
        _PLAN_AGAIN,
        asset,
    )  # fmt: skip
