"""A portfolio as one object: what is asked of it in a notebook, a command or the desk.

    p = open_portfolio("portfolios/growth")     policy + holdings + prices, read once
    p.drift()                                   where am I off target?
    p.decide()                                  is anything due today, and why?
    plan = p.plan(contribute=1_000_000)         what should I do about it, and what will it cost?
    p.submit(plan, yes=plan.plan_id)            do it (without `yes`: a dry run)

Every method is a few lines: the rooms do the work.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from rebalance_kit import arguments
from rebalance_kit.drift import Drift, judged_drift, measure_drift
from rebalance_kit.errors import RuleError
from rebalance_kit.goals import Goal, ideal_goals
from rebalance_kit.holdings.model import Holdings
from rebalance_kit.money import ZERO
from rebalance_kit.policy.choices import CashRule, Method
from rebalance_kit.policy.model import Policy
from rebalance_kit.prices.instruments import Instruments
from rebalance_kit.prices.model import PriceBook
from rebalance_kit.trigger import Decision, decide
from rebalance_kit.words import Language, Text

if TYPE_CHECKING:  # the planner and the engine are loaded by the methods that need them, so that `drift` starts fast
    from rebalance_kit.brokers.base import Broker, Mode
    from rebalance_kit.execution.reconciling import Reconciliation
    from rebalance_kit.execution.result import History, Upto
    from rebalance_kit.planner.compare import CashComparison
    from rebalance_kit.planner.plan import Plan, PlanOptions
    from rebalance_kit.planner.savings_model import SavingsPlan
    from rebalance_kit.portfolio.proposed import Beside
    from rebalance_kit.portfolio.trading import Progress, Run
    from rebalance_kit.proposals.orders import Proposal
    from rebalance_kit.tax.harvest_model import Harvest

Amount = Decimal | int | str


@dataclass(frozen=True, slots=True)
class Portfolio:
    """What is wanted, what is held and what it is worth, on one date.

    `holdings` are those of `account` where one was chosen, `household` those of every account; both are on the terms of
    the date, after the corporate actions that their file did not have yet; `written` is what the file says of every
    account. `instruments` say what each asset is. Opened at a `broker`, holdings and prices are its own of one moment,
    and `policy` is what it can do of the `stated_policy`.
    """

    folder: Path
    policy: Policy
    holdings: Holdings
    household: Holdings
    prices: PriceBook
    on: date
    language: Language
    account: str | None = None
    holdings_file: Path | None = None
    prices_file: Path | None = None
    instruments: Instruments = field(default_factory=Instruments)
    written: Holdings | None = None
    broker: Broker | None = None
    stated_policy: Policy | None = None

    def drift(self, *, targets: Mapping[str, Decimal] | None = None, deposit: Decimal = ZERO) -> Drift:
        """Where the portfolio stands. `targets` replaces the policy's weights for a what-if (they must sum to one).

        Raises InputError `empty_portfolio` when nothing is held and no `deposit` is coming, RuleError when a held
        asset has no price.
        """
        drift = measure_drift(self.rules_for(targets), self.holdings, self.prices, deposit=deposit)
        return replace(drift, language=self.language)

    def decide(
        self,
        *,
        on: date | str | None = None,
        targets: Mapping[str, Decimal] | None = None,
        force: bool = False,
    ) -> Decision:
        """Whether a rebalance is due, with every reason: on the portfolio's date, or, with its prices, on another."""
        rules = self.rules_for(targets)
        drift = self.drift(targets=targets)
        day = self.on if on is None else arguments.day("on", on)
        that_day = replace(self, on=day)
        decision = that_day.decision_for(rules, drift, ideal_goals(rules, drift), force=force)
        if not (decision.rebalance and rules.rebalancing.constraints.only_if_it_pays):
            return decision
        return that_day._if_it_pays(decision, targets, force=force)

    def plan(
        self,
        *,
        contribute: Amount | None = None,
        withdraw: Amount | None = None,
        cash_rule: CashRule | str | None = None,
        method: Method | str | None = None,
        fraction: Amount | None = None,
        no_sell: bool = False,
        force: bool = False,
        targets: Mapping[str, Decimal] | None = None,
        instant: bool = False,
        prove: bool = False,
    ) -> Plan:
        """The whole-share plan: follows the decision unless `force`; a deposit or withdrawal is always planned.

        Several accounts are planned together unless the portfolio was opened for one of them; `prove` then takes the
        time to close the gap (seconds). `instant` answers at once with a good plan and its gap. Amounts are of the base
        currency. Raises UsageError for options that contradict each other, RuleError when a rule forbids planning (a
        price is missing or stale).
        """
        from rebalance_kit.planner.plan import PlanOptions

        return self.plan_with(
            PlanOptions(
                contribute=None if contribute is None else arguments.amount("contribute", contribute),
                withdraw=None if withdraw is None else arguments.amount("withdraw", withdraw),
                cash_rule=None if cash_rule is None else arguments.choice(CashRule, "cash_rule", cash_rule),
                method=None if method is None else arguments.choice(Method, "method", method),
                fraction=None if fraction is None else arguments.share("fraction", fraction),
                no_sell=no_sell,
                force=force,
                account=self.account,
                targets=tuple(sorted((targets or {}).items())),
                instant=instant,
                prove=prove,
            )
        )

    def plan_with(self, options: PlanOptions) -> Plan:
        """The plan for ready-made options (what the worker runs again from a proposal)."""
        from rebalance_kit.portfolio.planning import plan_with

        return plan_with(self, options)

    def plan_proposed(self, proposal: Proposal, *, force: bool = False) -> Beside:
        """The plan of somebody else's orders, beside the optimal one, with the difference in cost.

        Raises RuleError naming the rule of an order that cannot be one.
        """
        from rebalance_kit.portfolio.proposed import plan_proposed

        return plan_proposed(self, proposal, force=force)

    def cash_rules(self, amount: Amount) -> CashComparison:
        """Where a deposit (or, negative, a withdrawal) goes by each rule, side by side."""
        from rebalance_kit.planner.compare import compare_cash

        flow = arguments.amount("amount", amount, negative=True)
        drift = self.drift(deposit=max(flow, ZERO))
        compared = compare_cash(
            self.policy, self.holdings, self.prices, drift, flow, self.account, self.on,
            household=self.household, instruments=self.instruments,
        )  # fmt: skip
        return replace(compared, language=self.language)

    def savings_plan(self, amount: Amount, months: int, *, rule: CashRule | str | None = None) -> SavingsPlan:
        """The same deposit in every month at today's prices: by each rule side by side, or by one."""
        from rebalance_kit.planner.savings import savings_plan

        made = savings_plan(
            self.policy,
            self.holdings,
            self.prices,
            arguments.amount("amount", amount),
            arguments.count("months", months),
            account=self.account,
            on=self.on,
            rules=CashRule if rule is None else (arguments.choice(CashRule, "rule", rule),),
        )
        return replace(made, language=self.language)

    def harvest(self, *, plan: Plan | None = None, last_day: date | str | None = None) -> Harvest:
        """Which lots to sell for the sake of the tax: losses, gains up to the deduction, and what stands against it.

        The purchases of a `plan` count as planned ones, which may wash a loss (United States). `last_day` is the
        broker's last day on which an overseas sale counts this year (Korea). Raises RuleError when a price or a rule of
        the day is missing, or the base currency is not that of the tax.
        """
        from rebalance_kit.tax.harvest import harvest
        from rebalance_kit.tax.model import purchases_of

        return harvest(
            self.policy,
            self.holdings,
            self.prices,
            on=self.on,
            household=self.household,
            planned=purchases_of(plan.orders, self.on) if plan else (),
            instruments=self.instruments,
            last_day=None if last_day is None else arguments.day("last_day", last_day),
            language=self.language,
        )

    def run(
        self,
        plan: Plan,
        *,
        yes: str | None = None,
        upto: Upto | str | None = None,
        again: bool = False,
        progress: Progress | None = None,
        broker: Broker | None = None,
    ) -> Run:
        """Check the plan and, with its id typed back as `yes`, execute it: on the account at the broker that the
        portfolio was opened with, on that of another `broker`, else on the paper account of the folder.

        Without `yes` it is a dry run: everything is checked and nothing is written or sent. `upto` stops after a phase.
        The same plan is executed once, however often it is asked for, unless `again`. Raises RuleError naming every
        broken rule, BusyError, DecisionNeeded, BrokerError and StorageError.
        """
        from rebalance_kit.portfolio.trading import run

        return run(self, plan, yes=yes, upto=upto, again=again, progress=progress, broker=broker)

    def submit(self, plan: Plan, *, yes: str) -> Run:
        """Execute the plan through the worker process, as the desk does: this process only proposes.

        A worker is started for the one proposal when none is running. Raises what `run` raises.
        """
        from rebalance_kit.portfolio.proposing import submit

        return submit(self, plan, yes=yes)

    def executed(self, plan_id: str) -> Run | None:
        """What became of a plan that was submitted before, None if it never was.

        Trading changes the holdings and so the id of the next plan: ask this with the id that was typed first.
        """
        from rebalance_kit.portfolio.trading import executed

        return executed(self, plan_id)

    def resume(self, progress: Progress | None = None) -> tuple[Run, ...]:
        """Finish what each account has unfinished; nothing is sent that may already be at the broker. One run for each
        account that had something. Raises what `run` raises."""
        from rebalance_kit.portfolio.recovering import resume

        return resume(self, progress)

    def reconcile(self, *, take: Literal["broker", "file"] | None = None) -> tuple[Reconciliation, ...]:
        """Compare journal, broker and holdings files, account by account; `take` says who is right where they differ.

        Raises BusyError while a run works on an account, UsageError for a file that a real broker should follow.
        """
        from rebalance_kit.portfolio.recovering import reconcile

        return reconcile(self, take=take)

    def history(self) -> History:
        """Every run of the account (or of all accounts), newest first."""
        from rebalance_kit.execution.history import history

        mode = self.broker.identity.mode if self.broker else None
        return history(self.folder, self.account, mode, language=self.language)

    def to_dict(self, language: Language | None = None) -> dict[str, object]:
        """The JSON of `rebalance drift`: the drift, with the decision and what both found."""
        shown = language or self.language
        drift, decision = self.drift(), self.decide()
        findings = dict.fromkeys((*drift.findings, *decision.findings))
        return {
            **drift.to_dict(shown),
            "decision": decision.to_dict(shown),
            "findings": [finding.to_dict(shown) for finding in findings],
        }

    def rules_for(self, targets: Mapping[str, Decimal] | None) -> Policy:
        if not targets:
            return self.policy
        rules = self.policy.with_targets(targets)
        total = sum((asset.target for asset in rules.assets), rules.rebalancing.cash.target)
        if total != 1:
            raise arguments.bad_argument("targets", str(total), Text("weights that sum to 1 with the cash target",
                                                            "현금 목표와 합쳐 1이 되는 비중"))  # fmt: skip
        return rules

    def decision_for(
        self, rules: Policy, drift: Drift, goals: tuple[Goal, ...], *, force: bool, cash_flow: bool = False
    ) -> Decision:
        decision = decide(
            rules,
            judged_drift(rules, drift, self.holdings, self.prices),
            goals,
            on=self.on,
            last_rebalance=self._last_rebalance(),
            volatility=self._volatility(rules),
            forced=force,
            cash_flow=cash_flow,
        )
        return replace(decision, language=self.language)

    def _if_it_pays(self, decision: Decision, targets: Mapping[str, Decimal] | None, *, force: bool) -> Decision:
        """What the plan makes of a decision; one that cannot be planned stays as it is."""
        try:
            return self.plan(targets=targets, force=force).decision
        except RuleError:
            return decision

    def _last_rebalance(self) -> date | None:
        from rebalance_kit.execution.history import last_rebalance

        days = (last_rebalance(self.folder, self.account, mode) for mode in self._modes())
        return max((day for day in days if day is not None), default=None)

    def _modes(self) -> tuple[Mode, ...]:
        """Whose journals tell of this portfolio: the broker's that it was opened at; of a folder, every kind's, since
        the newest run of any of them left the holdings that are in force."""
        from rebalance_kit.brokers.base import Mode

        return tuple(Mode) if self.broker is None else (self.broker.identity.mode,)

    def _volatility(self, rules: Policy) -> Decimal | None:
        rule = rules.rebalancing.volatility
        if rule is None:
            return None
        from rebalance_kit.prices.volatility import realised_volatility

        held = {code: self.holdings.quantity(code) for code in {p.code for p in self.holdings.positions}}
        return realised_volatility(self.prices, held, rule.window_days)
