"""The gate: every rule runs, and only a plan that passes becomes `CheckedOrders`, the one thing execution accepts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import InitVar, dataclass

from rebalance_kit.checks import account_rules, effect_rules, guard_rules, landing, order_rules
from rebalance_kit.checks.facts import Facts
from rebalance_kit.checks.table import Broken, Rule
from rebalance_kit.costs import Exchange
from rebalance_kit.errors import RuleError
from rebalance_kit.orders import Order, Side
from rebalance_kit.words import Text, same

RULES: dict[Rule, Callable[[Facts], Iterator[Broken]]] = {
    Rule.MODE: account_rules.mode,
    Rule.ACCOUNT: account_rules.account,
    Rule.KILL_SWITCH: account_rules.kill_switch,
    Rule.APPROVED: account_rules.approved,
    Rule.COOLDOWN: guard_rules.cooldown,
    Rule.SNAPSHOT: account_rules.snapshot,
    Rule.SESSION: account_rules.session,
    Rule.PRICE_AGE: order_rules.price_age,
    Rule.FAT_FINGER: order_rules.fat_finger,
    Rule.NEEDS_TRADE: effect_rules.needs_trade,
    Rule.LANDS: landing.lands,
    Rule.DRIFT_FALLS: effect_rules.drift_falls,
    Rule.NO_OVERSELL: order_rules.no_oversell,
    Rule.CASH: order_rules.cash,
    Rule.MIN_TRADE: order_rules.min_trade,
    Rule.MAX_ORDER: order_rules.max_order,
    Rule.TURNOVER: order_rules.turnover,
    Rule.UNIVERSE: order_rules.universe,
    Rule.ONE_SIDE: order_rules.one_side,
    Rule.OPEN_ORDERS: account_rules.open_orders,
    Rule.ONCE: account_rules.once,
    Rule.CURRENCY: order_rules.currency,
    Rule.EXCHANGE: account_rules.exchange,
    Rule.EX_DATE: guard_rules.ex_date,
    Rule.DATA_TOTAL: account_rules.data_total,
    Rule.CLOCK: guard_rules.clock,
    Rule.TAX: guard_rules.tax,
    Rule.CERTIFICATE: account_rules.certificate,
}

_SEAL = object()


class PlanBlocked(RuleError):
    """A plan that one or more rules block. `broken` holds all of them, the acknowledged ones too."""

    broken: tuple[Broken, ...] = ()


@dataclass(frozen=True, slots=True)
class CheckedOrders:
    """The orders of a plan that passed every rule, sells apart from buys, and what was acknowledged with them.

    Only `check_plan` can make one: the constructor refuses anybody else.
    """

    plan_id: str
    account: str
    sells: tuple[Order, ...]
    buys: tuple[Order, ...]
    exchanges: tuple[Exchange, ...]
    facts: Facts
    acknowledged: tuple[Broken, ...]
    seal: InitVar[object]

    def __post_init__(self, seal: object) -> None:
        if seal is not _SEAL:
            raise TypeError("only check_plan makes CheckedOrders")


def broken_rules(facts: Facts) -> tuple[Broken, ...]:
    """Every broken rule, in the order of the table. Pure: the same facts give the same answer."""
    return tuple(found for rule in RULES.values() for found in rule(facts))


def check_plan(facts: Facts) -> CheckedOrders:
    """The plan's orders, checked. Raises PlanBlocked, which names every broken rule, if one of them blocks.

    What only asks to be acknowledged is acknowledged by typing the plan's id, which the approval rule compares.
    """
    broken = broken_rules(facts)
    if any(found.blocks for found in broken):
        raise _blocked(facts.plan.plan_id, broken)
    orders = facts.plan.orders
    return CheckedOrders(
        plan_id=facts.plan.plan_id,
        account=facts.account,
        sells=tuple(order for order in orders if order.side is Side.SELL),
        buys=tuple(order for order in orders if order.side is Side.BUY),
        exchanges=facts.plan.exchanges,
        facts=facts,
        acknowledged=broken,
        seal=_SEAL,
    )


def _blocked(plan_id: str, broken: tuple[Broken, ...]) -> PlanBlocked:
    blocking = [found for found in broken if found.blocks]
    names = {found.rule.name.lower() for found in blocking}
    code = names.pop() if len(names) == 1 else "checks"
    fixes = tuple(dict.fromkeys(found.fix for found in blocking))
    error = PlanBlocked(
        code,
        where=Text(f"plan {plan_id}", f"계획 {plan_id}"),
        wrong=_join([found.says for found in blocking]),
        expected=Text("a plan that breaks no rule", "어긴 규칙이 없는 계획"),
        fix=_join(list(fixes)),
    )
    error.broken = broken
    return error


def _join(texts: list[Text]) -> Text:
    joined = texts[0] if texts else same("-")
    for text in texts[1:]:
        joined = Text(f"{joined.en}, and {text.en}", f"{joined.ko}, {text.ko}")
    return joined
