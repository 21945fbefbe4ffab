"""A plan of somebody else's orders beside the optimal one: the same certificate and checks, and what it costs more."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from rebalance_kit.errors import RuleError
from rebalance_kit.money import ZERO, Rounding, exact_sum, plain, product, round_fraction
from rebalance_kit.orders import Side
from rebalance_kit.planner.judged import distance
from rebalance_kit.planner.plan import Optimality, Plan, PlanOptions, ProposedOrder
from rebalance_kit.proposals.model_plan import Ask, ModelProposal, propose_orders
from rebalance_kit.proposals.orders import Proposal, Wish
from rebalance_kit.storage import write_atomically
from rebalance_kit.words import Finding, Language, Text, same

if TYPE_CHECKING:
    from rebalance_kit.portfolio.model import Portfolio

GAP_UNIT = Decimal("0.0001")  # bp
FOLDER = "proposals"


@dataclass(frozen=True, slots=True)
class Beside:
    """A proposed plan, the optimal one from the same inputs, and the cost of each: distance from the goals, commission,
    slippage, exchange and weighted tax, in the base currency (definition 9)."""

    plan: Plan
    optimal: Plan
    cost: Decimal
    optimal_cost: Decimal
    language: Language = "en"

    @property
    def difference(self) -> Decimal:
        """What the proposal costs more than the optimal plan."""
        return exact_sum((self.cost, self.optimal_cost.copy_negate()))

    def to_dict(self, _language: Language | None = None) -> dict[str, object]:
        """What `submit --json` adds to the run: `beside`."""
        return {
            "optimal_plan_id": self.optimal.plan_id,
            "optimal_orders": len(self.optimal.orders),
            "cost": plain(self.cost),
            "optimal_cost": plain(self.optimal_cost),
            "difference": plain(self.difference),
        }


@dataclass(frozen=True, slots=True)
class Modelled:
    """What a language model proposed: the plan beside the optimal one, the calls, and the file that was written (None
    where nothing was due)."""

    beside: Beside
    made: ModelProposal
    file: Path | None


def plan_proposed(portfolio: Portfolio, proposal: Proposal, *, force: bool = False) -> Beside:
    """See `Portfolio.plan_proposed`."""
    return _beside(portfolio, proposal, PlanOptions(force=force, account=portfolio.account))


def plan_by_model(
    portfolio: Portfolio,
    options: PlanOptions,
    ask: Ask,
    *,
    progress: Callable[[Text], None] = lambda _: None,
) -> Modelled:
    """Ask a language model for orders inside the optimal plan. What it proposes is written beside the portfolio as a
    proposal that `submit` takes, with a record of every call: it is carried out by a second, deliberate step.

    Raises ModelError when the model cannot be asked, RuleError when three of its answers were refused.
    """
    optimal = portfolio.plan_with(options)
    if not optimal.orders:
        empty = ModelProposal(Proposal("language model", ()), (), ())
        cost = _cost(portfolio, optimal)
        return Modelled(Beside(optimal, optimal, cost, cost, portfolio.language), empty, None)
    made = propose_orders(optimal, _spendable(portfolio, optimal), ask, progress=progress)
    beside = _beside(portfolio, made.proposal, replace(options, by_model=True))
    return Modelled(beside, made, _write(portfolio.folder, beside.plan, made))


def _beside(portfolio: Portfolio, proposal: Proposal, options: PlanOptions) -> Beside:
    plan = portfolio.plan_with(replace(options, proposed=tuple(_order(wish) for wish in proposal.wishes)))
    optimal = portfolio.plan_with(replace(options, proposed=None, by_model=False))
    cost, least = _cost(portfolio, plan), _cost(portfolio, optimal)
    reasons = tuple(_reason(wish) for wish in proposal.wishes if wish.reason)
    told = replace(plan, optimality=_optimality(plan, optimal, cost, least), findings=(*plan.findings, *reasons))
    return Beside(told, optimal, cost, least, portfolio.language)


def _order(wish: Wish) -> ProposedOrder:
    change = wish.quantity if wish.side is Side.BUY else wish.quantity.copy_negate()
    return ProposedOrder(wish.code, change, wish.account)


def _reason(wish: Wish) -> Finding:
    """What the proposer said, as text to read and nothing else."""
    words = " ".join(wish.reason.split())
    return Finding("proposed_because", "info", same(f"{wish.code}: “{words}”"), wish.code)


def _cost(portfolio: Portfolio, plan: Plan) -> Decimal:
    summary, rules = plan.summary, portfolio.policy
    off = distance(rules, plan.goals, {row.code: row.value for row in plan.after})
    tax = product(rules.rebalancing.tax_weight, summary.tax or ZERO)
    return exact_sum((off, summary.commission, summary.slippage, summary.fx_cost, tax))


def _optimality(plan: Plan, optimal: Plan, cost: Decimal, least: Decimal) -> Optimality:
    """How far the proposal is from the bound of the optimal plan."""
    more = max(ZERO, exact_sum((cost, least.copy_negate())))
    total = Fraction(plan.drift.total_value) or Fraction(1)
    gap = round_fraction(Fraction(more) * 10_000 / total, GAP_UNIT, Rounding.CEILING)
    whole = exact_sum((gap, optimal.optimality.gap_bp))
    return Optimality("gap", whole) if whole else Optimality("optimal", ZERO)


def _spendable(portfolio: Portfolio, optimal: Plan) -> Mapping[str, Decimal]:
    """Cash of each currency above the buffer, with what the optimal plan exchanges into it."""
    if len({order.account for order in optimal.orders}) > 1:
        raise RuleError(
            "model_several_accounts",
            where=Text("accounts", "계좌"),
            wrong=Text("a model plans one account at a time", "언어 모델은 한 번에 한 계좌만 계획합니다"),
            expected=Text("one account", "계좌 하나"),
            fix=Text("choose one with --account", "--account로 하나를 골라 주세요"),
        )
    account = optimal.orders[0].account
    rule = portfolio.policy.accounts.get(account)
    base, buffer = portfolio.policy.base_currency, portfolio.policy.rebalancing.cash.buffer
    floor = max(buffer, rule.cash_buffer if rule else ZERO)
    parts: dict[str, list[Decimal]] = {base: [floor.copy_negate()]}
    for money in portfolio.holdings.cash:
        if money.account == account and money.kind == "cash":
            parts.setdefault(money.currency, []).append(money.amount)
    for line in optimal.exchanges:
        for currency in (line.sold_currency, line.bought_currency):
            parts.setdefault(currency, []).append(line.moved(currency, base))
    return {currency: exact_sum(amounts) for currency, amounts in parts.items()}


def _write(folder: Path, plan: Plan, made: ModelProposal) -> Path:
    """The proposal as JSON, and beside it what the calls took."""
    lists: dict[str, list[dict[str, object]]] = {"sell_orders": [], "buy_orders": []}
    for wish in made.proposal.wishes:
        lists["sell_orders" if wish.side is Side.SELL else "buy_orders"].append(
            {"ticker": wish.code, "name": wish.name, "quantity": _number(wish.quantity), "reason": wish.reason}
        )
    target = folder / FOLDER
    target.mkdir(mode=0o700, exist_ok=True)
    file = target / f"model-{plan.plan_id}.json"
    write_atomically(file, (json.dumps(lists, ensure_ascii=False, indent=1) + "\n").encode())
    record = {"plan_id": plan.plan_id, **made.to_dict()}
    write_atomically(target / f"model-{plan.plan_id}.calls.json", (json.dumps(record, indent=1) + "\n").encode())
    return file


def _number(quantity: Decimal) -> int | str:
    return int(quantity) if quantity == int(quantity) else plain(quantity)
