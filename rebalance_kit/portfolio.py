"""One portfolio folder as one object: the place that wires the rooms together.

    p = open_portfolio("portfolios/growth")     policy + holdings + prices, read once
    p.drift()                                   where am I off target?
    p.decide()                                  is anything due today, and why?
    plan = p.plan(contribute=1_000_000)         what should I do about it, and what will it cost?
    p.submit(plan, yes=plan.plan_id)            do it (without `yes`: a dry run)

Every method is a few lines: the rooms do the work. The clock is read here and nowhere below.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from rebalance_kit import arguments
from rebalance_kit.drift import Drift, measure_drift
from rebalance_kit.errors import UsageError
from rebalance_kit.goals import Goal, ideal_goals
from rebalance_kit.holdings.model import Holdings
from rebalance_kit.money import ZERO
from rebalance_kit.policy.choices import CashRule, Method
from rebalance_kit.policy.model import Policy
from rebalance_kit.prices.model import PriceBook
from rebalance_kit.trigger import Decision, decide
from rebalance_kit.words import Language, Text

if TYPE_CHECKING:  # the planner and the engine are loaded by the methods that need them, so that `drift` starts fast
    from rebalance_kit.planner.compare import CashComparison
    from rebalance_kit.planner.plan import Plan, PlanOptions
    from rebalance_kit.prices.files import PriceFile

TIME_ZONES = {"XKRX": "Asia/Seoul", "XNYS": "America/New_York"}

Amount = Decimal | int | str


def open_portfolio(
    path: str | Path,
    *,
    holdings: str | Path | None = None,
    prices: str | Path | None = None,
    on: date | str | None = None,
    account: str | None = None,
    language: Language | None = None,
) -> Portfolio:
    """Read a portfolio folder (or its `portfolio.yaml`) once, as of `on` (default: today on its exchange).

    `holdings` and `prices` name other files than the folder's own; `account` limits everything to one account.
    Raises PolicyError, HoldingsError, PriceError or UsageError, each naming the file and line; DecisionNeeded when
    `holdings.csv` was edited after a run.
    """
    from rebalance_kit.holdings.files import read_holdings
    from rebalance_kit.policy.loading import load_policy
    from rebalance_kit.prices.book import price_book

    policy = load_policy(Path(path))
    folder = Path(path) if Path(path).is_dir() else Path(path).parent
    day = _day(on, policy)
    file = read_holdings(_holdings_file(folder, holdings), policy, day)
    held = _with_lots(file.holdings, folder / "lots.csv", policy)
    closes = _closes(folder, prices, policy, day)
    wanted = {asset.code for asset in policy.assets} | {position.code for position in held.positions}
    book = price_book(
        policy,
        day,
        (*file.quotes, *closes.quotes),
        (*file.rates, *closes.rates),
        wanted=wanted,
        findings=closes.findings,
    )
    if account is not None:
        _known_account(account, policy, held)
    return Portfolio(
        folder=folder,
        policy=policy,
        holdings=held if account is None else held.only(account),
        prices=book,
        on=day,
        language=language or policy.language,
        account=account,
        holdings_file=None if holdings is None else Path(holdings),
        prices_file=None if prices is None else Path(prices),
    )


@dataclass(frozen=True, slots=True)
class Portfolio:
    """What is wanted, what is held and what it is worth, on one date."""

    folder: Path
    policy: Policy
    holdings: Holdings
    prices: PriceBook
    on: date
    language: Language
    account: str | None = None
    holdings_file: Path | None = None
    prices_file: Path | None = None

    def drift(self, *, targets: Mapping[str, Decimal] | None = None, deposit: Decimal = ZERO) -> Drift:
        """Where the portfolio stands. `targets` replaces the policy's weights for a what-if (they must sum to one).

        Raises InputError `empty_portfolio` when nothing is held and no `deposit` is coming, RuleError when a held
        asset has no price.
        """
        return measure_drift(self._rules(targets), self.holdings, self.prices, deposit=deposit)

    def decide(self, *, targets: Mapping[str, Decimal] | None = None, force: bool = False) -> Decision:
        """Whether a rebalance is due on the date, with every reason."""
        rules = self._rules(targets)
        drift = self.drift(targets=targets)
        return self._decision(rules, drift, ideal_goals(rules, drift), force=force)

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
    ) -> Plan:
        """The whole-share plan: follows the decision unless `force`; a deposit or withdrawal is always planned.

        Amounts are of the base currency. Raises UsageError for options that contradict each other, RuleError when a
        rule forbids planning (a price is missing or stale, an account needs choosing).
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
            )
        )

    def plan_with(self, options: PlanOptions) -> Plan:
        """The plan for ready-made options (what the worker runs again from a proposal)."""
        from rebalance_kit.cashflow import cash_goals
        from rebalance_kit.planner.make import make_plan

        _check_options(options)
        rules = self._rules(dict(options.targets))
        flow = (options.contribute or ZERO) - (options.withdraw or ZERO)
        drift = self.drift(targets=dict(options.targets), deposit=max(flow, ZERO))
        if flow:
            goals = cash_goals(rules, drift, flow, options.cash_rule or rules.rebalancing.cash.rule)
        else:
            goals = ideal_goals(rules, drift, options.method, options.fraction)
        decision = self._decision(rules, drift, goals, force=options.force, cash_flow=bool(flow))
        return make_plan(rules, self.holdings, self.prices, drift, decision, goals, options, on=self.on)

    def cash_rules(self, amount: Amount) -> CashComparison:
        """Where a deposit (or, negative, a withdrawal) goes by each rule, side by side."""
        from rebalance_kit.planner.compare import compare_cash

        flow = arguments.amount("amount", amount, negative=True)
        drift = self.drift(deposit=max(flow, ZERO))
        return compare_cash(self.policy, self.holdings, self.prices, drift, flow, self.account, self.on)

    def _rules(self, targets: Mapping[str, Decimal] | None) -> Policy:
        if not targets:
            return self.policy
        rules = self.policy.with_targets(targets)
        total = sum((asset.target for asset in rules.assets), rules.rebalancing.cash.target)
        if total != 1:
            raise arguments.bad_argument("targets", str(total), Text("weights that sum to 1 with the cash target",
                                                            "현금 목표와 합쳐 1이 되는 비중"))  # fmt: skip
        return rules

    def _decision(
        self, rules: Policy, drift: Drift, goals: tuple[Goal, ...], *, force: bool, cash_flow: bool = False
    ) -> Decision:
        return decide(
            rules,
            drift,
            goals,
            on=self.on,
            last_rebalance=self._last_rebalance(),
            volatility=self._volatility(rules),
            forced=force,
            cash_flow=cash_flow,
        )

    def _last_rebalance(self) -> date | None:
        return None

    def _volatility(self, rules: Policy) -> Decimal | None:
        rule = rules.rebalancing.volatility
        if rule is None:
            return None
        from rebalance_kit.prices.volatility import realised_volatility

        held = {code: self.holdings.quantity(code) for code in {p.code for p in self.holdings.positions}}
        return realised_volatility(self.prices, held, rule.window_days)


def _check_options(options: PlanOptions) -> None:
    if options.contribute and options.withdraw:
        raise UsageError(
            "two_cash_flows",
            where=Text("contribute and withdraw", "입금과 출금"),
            wrong=Text("both were given", "둘 다 주어졌습니다"),
            expected=Text("one of the two", "둘 중 하나"),
            fix=Text("plan the difference as one of them", "차액만 한쪽으로 계획해 주세요"),
        )
    if options.withdraw and options.no_sell:
        raise UsageError(
            "withdraw_without_selling",
            where=Text("withdraw and no_sell", "출금과 매도 금지"),
            wrong=Text("a withdrawal is raised by selling", "출금할 돈은 팔아서 마련합니다"),
            expected=Text("only one of the two", "둘 중 하나"),
            fix=Text("leave out no_sell", "매도 금지를 빼 주세요"),
        )


def _day(on: date | str | None, policy: Policy) -> date:
    """The date to judge on: today on the portfolio's exchange unless one is given. The one clock of the program."""
    if on is not None:
        return arguments.day("on", on)
    return datetime.now(ZoneInfo(TIME_ZONES[policy.exchange])).date()


def _holdings_file(folder: Path, given: str | Path | None) -> Path:
    return Path(given) if given is not None else folder / "holdings.csv"


def _with_lots(holdings: Holdings, path: Path, policy: Policy) -> Holdings:
    """The holdings with the lots of `lots.csv`, where there is one, and what does not fit as findings."""
    from rebalance_kit.holdings.lots import check_lots, read_lots

    if not path.exists():
        return holdings
    lots = read_lots(path, policy)
    found = check_lots(holdings, lots)
    return replace(holdings, lots=(*holdings.lots, *lots), findings=(*holdings.findings, *found))


def _closes(folder: Path, given: str | Path | None, policy: Policy, day: date) -> PriceFile:
    """The dated closes. `prices.csv` is optional; a file that was named must exist."""
    from rebalance_kit.prices.files import PriceFile, read_prices

    path = Path(given) if given is not None else folder / "prices.csv"
    if given is None and not path.exists():
        return PriceFile()
    return read_prices(path, policy, day)


def _known_account(account: str, policy: Policy, holdings: Holdings) -> None:
    known = tuple(sorted({*policy.accounts, *holdings.accounts}))
    if account not in known:
        names = ", ".join(known)
        raise arguments.bad_argument("account", account, Text(f"one of {names}", f"다음 중 하나: {names}"))
