"""A plan: the goal in money, the whole-share orders, what they cost, where they lead, and how good they are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Literal

from rebalance_kit.costs import Exchange
from rebalance_kit.drift import Drift
from rebalance_kit.frames import frame, html_table
from rebalance_kit.goals import Goal
from rebalance_kit.money import ZERO, plain, show_money
from rebalance_kit.orders import Order, Side, said_shares, show_shares
from rebalance_kit.planner.plan_benefit import PlanBenefit
from rebalance_kit.planner.plan_tax import PlanTax
from rebalance_kit.policy.model import CashRule, Method
from rebalance_kit.trigger import Decision
from rebalance_kit.words import Finding, Language, Text

if TYPE_CHECKING:
    import pandas as pd

TABLE_COLUMNS = (
    "account", "code", "name", "side", "quantity", "limit_price", "reference_price", "currency", "rate", "amount",
    "commission", "slippage", "fx_cost", "tax", "benefit", "lots", "reason",
)  # fmt: skip
_HEADINGS = (
    Text("Order", "주문"), Text("Asset", "종목"), Text("Shares", "수량"), Text("Limit", "지정가"),
    Text("Amount", "금액"), Text("Commission", "수수료"), Text("Slippage", "슬리피지"),
    Text("Tax", "예상 세금"), Text("Benefit", "이득"), Text("Reason", "사유"),
)  # fmt: skip
_SIDES = {"BUY": Text("Buy", "매수"), "SELL": Text("Sell", "매도")}
_CAPTION = Text("Plan {id}: {orders} orders, turnover {turnover}", "계획 {id}: 주문 {orders}건, 거래액 {turnover}")


@dataclass(frozen=True, slots=True)
class ProposedOrder:
    """An order that somebody else chose: shares to buy (positive) or sell. `account` may be None where there is one."""

    code: str
    change: Decimal
    account: str | None = None


@dataclass(frozen=True, slots=True)
class PlanOptions:
    """What a person asked for. `contribute` and `withdraw` are positive amounts of the base currency; None: neither.

    `method`, `fraction` and `cash_rule` are None where the policy decides. `targets` are weights that replace the
    policy's for a what-if (the desk's sliders), as (code, weight), sorted by code. `prove` takes the time to close the
    gap of a plan over several accounts; `instant` takes a good plan with its gap at once instead of the best one.
    Neither is part of the plan's id, which says what is ordered. `proposed` are orders of somebody else in place of the
    solver's; `by_model` says that a language model chose them, which keeps them inside the solver's.
    """

    contribute: Decimal | None = None
    withdraw: Decimal | None = None
    cash_rule: CashRule | None = None
    method: Method | None = None
    fraction: Decimal | None = None
    no_sell: bool = False
    force: bool = False
    account: str | None = None
    targets: tuple[tuple[str, Decimal], ...] = ()
    prove: bool = False
    instant: bool = False
    proposed: tuple[ProposedOrder, ...] | None = None
    by_model: bool = False


@dataclass(frozen=True, slots=True)
class AfterRow:
    """One asset after the plan, at the reference price. The weights are of the total value after costs."""

    code: str
    quantity: Decimal
    value: Decimal
    weight: Decimal
    drift: Decimal

    def to_dict(self, *, fractional: bool = False) -> dict[str, object]:
        """The row as JSON; a quantity is an integer where accounts hold whole shares and it is one."""
        whole = not fractional and self.quantity == int(self.quantity)
        return {
            "code": self.code,
            "quantity": int(self.quantity) if whole else plain(self.quantity),
            "value": plain(self.value),
            "weight": plain(self.weight),
            "drift": plain(self.drift),
        }


@dataclass(frozen=True, slots=True)
class Summary:
    """Everything in the base currency. `turnover` is the gross amount bought plus sold."""

    turnover: Decimal
    commission: Decimal
    slippage: Decimal
    tax: Decimal | None
    cash_before: Decimal
    cash_after: Decimal
    max_drift_before: Decimal
    max_drift_after: Decimal
    fx_cost: Decimal = ZERO

    def to_dict(self) -> dict[str, object]:
        """The summary as JSON; a tax that nothing has estimated is null."""
        return {
            "turnover": plain(self.turnover),
            "commission": plain(self.commission),
            "slippage": plain(self.slippage),
            "fx_cost": plain(self.fx_cost),
            "tax": None if self.tax is None else plain(self.tax),
            "cash_before": plain(self.cash_before),
            "cash_after": plain(self.cash_after),
            "max_drift_before": plain(self.max_drift_before),
            "max_drift_after": plain(self.max_drift_after),
        }


@dataclass(frozen=True, slots=True)
class Optimality:
    """`optimal` is proved; `gap` says the plan's objective is within `gap_bp` of the total value of the bound."""

    status: Literal["optimal", "gap"]
    gap_bp: Decimal


@dataclass(frozen=True, slots=True)
class Check:
    """One fact that was re-proved, or a rule that was tested: `holds` or not, and the figures."""

    name: str
    holds: bool
    detail: Text


@dataclass(frozen=True, slots=True)
class Certificate:
    """Facts about a plan that an independent function re-proved in exact arithmetic (definition 10)."""

    checks: tuple[Check, ...]

    @property
    def valid(self) -> bool:
        """Whether everything holds; where nothing was checked nothing is proved."""
        return bool(self.checks) and all(check.holds for check in self.checks)

    def to_dict(self, language: Language = "en") -> dict[str, object]:
        """The certificate as JSON."""
        checks = [{"name": c.name, "holds": c.holds, "detail": c.detail.of(language)} for c in self.checks]
        return {"valid": self.valid, "checks": checks}


@dataclass(frozen=True, slots=True, repr=False)
class Plan:
    """The whole answer. `plan_id` is a hash of policy, holdings, prices, date, options and orders: no clock, no
    machine. `ideal` is the preview of trades that a plan without orders would have made, were it due."""

    plan_id: str
    drift: Drift
    decision: Decision
    options: PlanOptions
    method: Method
    cash_rule: CashRule | None
    goals: tuple[Goal, ...]
    orders: tuple[Order, ...]
    ideal: tuple[Order, ...]
    summary: Summary
    after: tuple[AfterRow, ...]
    optimality: Optimality
    certificate: Certificate
    findings: tuple[Finding, ...]
    language: Language = "en"
    tax: PlanTax | None = None
    benefit: PlanBenefit | None = None
    exchanges: tuple[Exchange, ...] = ()

    def to_dict(self, language: Language | None = None) -> dict[str, object]:
        """The JSON of `plan --json`: that of the drift and the decision, and the plan's own. `findings` are all."""
        shown = language or self.language
        fractional = self.drift.fractional
        return {
            **self.drift.to_dict(shown),
            "decision": self.decision.to_dict(shown),
            "findings": [finding.to_dict(shown) for finding in self.findings],
            "plan_id": self.plan_id,
            "method": self.method.value,
            "cash_rule": None if self.cash_rule is None else self.cash_rule.value,
            "goal": [goal.to_dict() for goal in self.goals],
            "orders": [order_dict(order, shown) for order in self.orders],
            "ideal": [order_dict(order, shown) for order in self.ideal],
            "exchanges": [line.to_dict() for line in self.exchanges],
            "summary": {**self.summary.to_dict(), "benefit": _or_null(self.benefit.benefit if self.benefit else None)},
            "tax": None if self.tax is None else self.tax.to_dict(shown),
            "benefit": None if self.benefit is None else self.benefit.to_dict(),
            "after": [row.to_dict(fractional=fractional) for row in self.after],
            "optimality": {"status": self.optimality.status, "gap_bp": float(self.optimality.gap_bp)},
            "certificate": self.certificate.to_dict(shown),
        }

    def table(self) -> pd.DataFrame:
        """One row per order, sells first: prices, amount and costs in `currency` (Decimals), `rate`, `tax`, `fx_cost`
        and `benefit` in base units, `quantity` in shares, `lots` as text, `reason` in the plan's language.

        An exchange stands between the sales and the buys, its side is EXCHANGE: `amount` of `currency` is sold,
        `quantity` is bought of the currency that is its code, and `fx_cost` is its cost."""
        rows = {side: [self._row(order) for order in self.orders if order.side is side] for side in Side}
        exchanges = [self._exchange_row(line) for line in self.exchanges]
        return frame([*rows[Side.SELL], *exchanges, *rows[Side.BUY]], TABLE_COLUMNS)

    def _row(self, order: Order) -> Mapping[str, object]:
        shown = {"lots": said_lots(order), "reason": order.reason.of(self.language), "fx_cost": ZERO}
        return {name: getattr(order, name) for name in TABLE_COLUMNS if name not in shown} | shown

    def _exchange_row(self, line: Exchange) -> Mapping[str, object]:
        said = line.said(self.drift.base_currency).of(self.language)
        row: dict[str, object] = dict.fromkeys(TABLE_COLUMNS)
        return row | {
            "account": line.account, "code": line.bought_currency, "name": said, "side": "EXCHANGE",
            "quantity": line.bought, "reference_price": line.rate, "currency": line.sold_currency, "rate": line.rate,
            "amount": line.sold, "commission": ZERO, "slippage": ZERO, "fx_cost": line.cost, "lots": "", "reason": said,
        }  # fmt: skip

    def __repr__(self) -> str:
        return f"<Plan {self.plan_id} | {len(self.orders)} orders | {self.optimality.status}>"

    def _repr_html_(self) -> str:
        shown = self.language
        turnover = show_money(self.summary.turnover, self.drift.base_currency)
        caption = _CAPTION.of(shown).format(id=self.plan_id, orders=len(self.orders), turnover=turnover)
        headings = [heading.of(shown) for heading in _HEADINGS]
        several = len({order.account for order in self.orders}) > 1
        notes = [line.of(shown) for line in self.exchange_lines()]
        notes += [rate.note for rate in self.drift.fx]
        notes += [reason.of(shown) for reason in self.decision.reasons]
        notes += [finding.message.of(shown) for finding in self.findings]
        notes += [line.of(shown) for line in (*self.tax_lines(), *self.benefit_lines())]
        return html_table(
            caption, headings, [_cells(order, shown, self.drift.base_currency, several) for order in self.orders], notes
        )

    def tax_lines(self) -> tuple[Text, ...]:
        """What a person reads of the tax besides its amount; nothing where nothing is known, or sold but for tax."""
        if self.tax is None or self.tax.ignoring_tax is None:
            return ()
        if self.tax.ignoring_tax.same and not any(order.lots for order in self.orders):
            return ()
        return self.tax.lines(self.drift.base_currency)

    def exchange_lines(self) -> tuple[Text, ...]:
        """The exchanges in words."""
        return tuple(line.said(self.drift.base_currency) for line in self.exchanges)

    @property
    def held_back(self) -> bool:
        """Whether something is due and the policy's `only_if_it_pays` keeps it from being traded."""
        return self.benefit is not None and not self.benefit.pays and self.benefit.weighed() in self.decision.reasons

    def benefit_lines(self) -> tuple[Text, ...]:
        """What being off target costs and whether going back pays, in words; nothing where that is not known."""
        if self.benefit is None:
            return ()
        lines = (self.benefit.explained(), self.benefit.weighed())
        return tuple(line for line in lines if line not in self.decision.reasons)


def order_dict(order: Order, language: Language) -> dict[str, object]:
    """An order as JSON: prices and costs are strings of the order's `currency`, `lots` what it sells."""
    return {
        "account": order.account,
        "code": order.code,
        "name": order.name,
        "side": order.side.value,
        "quantity": said_shares(order.quantity),
        "limit_price": _or_null(order.limit_price),
        "reference_price": plain(order.reference_price),
        "currency": order.currency,
        "rate": plain(order.rate),
        "amount": plain(order.amount),
        "commission": plain(order.commission),
        "slippage": plain(order.slippage),
        "tax": _or_null(order.tax),
        "benefit": _or_null(order.benefit),
        "lots": [{"lot_id": name, "quantity": _lot_shares(order, shares)} for name, shares in order.lots],
        "reason": order.reason.of(language),
    }


def _lot_shares(order: Order, shares: Decimal) -> int | str:
    """An integer where the order is one of whole shares and takes whole ones of the lot."""
    return int(shares) if isinstance(order.quantity, int) and shares == int(shares) else plain(shares)


def _or_null(value: Decimal | None) -> str | None:
    return None if value is None else plain(value)


def said_lots(order: Order) -> str:
    """What a sale takes of each lot, as `VOO-1 10, VOO-2 3`."""
    return ", ".join(f"{name} {plain(shares)}" for name, shares in order.lots)


def _cells(order: Order, language: Language, base: str, several: bool) -> list[str]:
    money = [order.amount, order.commission, order.slippage]
    limit = "-" if order.limit_price is None else show_money(order.limit_price, order.currency)
    shown = [show_money(amount, order.currency) for amount in money]
    return [
        _SIDES[order.side].of(language),
        f"{order.name} ({order.account})" if several else order.name,
        show_shares(order.quantity),
        limit,
        *shown,
        "-" if order.tax is None else show_money(order.tax, base),
        "-" if order.benefit is None else show_money(order.benefit, base),
        order.reason.of(language),
    ]
