"""The decision itself: what the strategy looks at, what it says, and what outranks it (definitions 4 to 6).

    calendar                                a scheduled day with something worth trading
    threshold                               a breach
    hybrid  scheduled_or_breach             either of the two
            breach_or_max_interval          a breach, else more than N days since the last rebalance
            scheduled_and_breach            a breach, looked at on scheduled days only
    no_trade_zone                           an asset outside its zone
    manual                                  never by itself

A deposit or withdrawal is always planned, and `forced` overrides the trigger; both say so and leave the reasons.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from rebalance_kit.drift import Drift, units_of, with_bands
from rebalance_kit.goals import Goal, joined_goals, minimum_trade
from rebalance_kit.money import product
from rebalance_kit.orders import PART_UNIT, WHOLE_UNIT
from rebalance_kit.policy.choices import Hybrid, Strategy
from rebalance_kit.policy.model import Policy, Schedule
from rebalance_kit.sessions import is_scheduled, next_scheduled
from rebalance_kit.trigger import reasons
from rebalance_kit.trigger.model import Decision, TriggerName
from rebalance_kit.words import Finding, Text

Verdict = tuple[TriggerName, tuple[Text, ...]]


def decide(
    policy: Policy,
    drift: Drift,
    goals: Iterable[Goal],
    *,
    on: date,
    last_rebalance: date | None = None,
    volatility: Decimal | None = None,
    forced: bool = False,
    cash_flow: bool = False,
) -> Decision:
    """Whether trading is due on the day `on`.

    `goals` say what a scheduled day would trade. `volatility` is the realised yearly volatility (None: not known).
    The bands are judged here again, widened when the policy's volatility switch says so, however the drift was judged.
    UsageError for a day outside the exchange calendars.
    """
    switch = _Switch.of(policy, volatility)
    case = _Case(policy, with_bands(policy, drift, widen=switch.widen), tuple(goals), on, last_rebalance, switch.widen)
    trigger, told = case.verdict()
    told = (*told, *switch.reasons)
    delayed_until = None
    if cash_flow or forced:
        trigger, told = ("cash_flow", (reasons.CASH_FLOW, *told)) if cash_flow else ("manual", (reasons.FORCED, *told))
    elif switch.delays and trigger != "none":
        delayed_until = case.next_check()
        trigger, told = "none", (*told, reasons.delayed(delayed_until))
    return Decision(
        rebalance=trigger != "none",
        trigger=trigger,
        reasons=told,
        next_date=case.next_date(),
        delayed_until=delayed_until,
        findings=(*case.findings(), *switch.findings),
        language=policy.language,
    )


def worth_trading(policy: Policy, drift: Drift, goals: Iterable[Goal]) -> bool:
    """Is some |value - goal| at least the larger of the minimum trade and one share (definition 4), or a thousandth of
    one where an account trades parts of shares? An asset that cannot be traded that way (not in the policy, no price,
    `never_buy`, `never_sell`) does not count."""
    minimum = minimum_trade(policy, drift.total_value)
    units = units_of(policy, drift)
    if units is not None:
        policy, drift, goals = units.policy, units.drift, joined_goals(units, goals, minimum)
    unit = PART_UNIT if drift.fractional else WHOLE_UNIT
    shares = {row.code: product(row.share_value, unit) for row in drift.assets if row.share_value is not None}
    for goal in goals:
        asset, share = policy.asset(goal.code), shares.get(goal.code)
        if asset is None or share is None or goal.amount == 0:
            continue
        barred = asset.never_buy if goal.amount > 0 else asset.never_sell
        if not barred and goal.amount.copy_abs() >= max(minimum, share):
            return True
    return False


@dataclass(frozen=True, slots=True)
class _Switch:
    """What the volatility switch does today (definition 6)."""

    widen: Decimal = Decimal(1)
    delays: bool = False
    reasons: tuple[Text, ...] = ()
    findings: tuple[Finding, ...] = ()

    @staticmethod
    def of(policy: Policy, volatility: Decimal | None) -> _Switch:
        rule = policy.rebalancing.volatility
        if rule is None:
            return _Switch()
        if volatility is None:
            return _Switch(findings=(reasons.volatility_unknown(rule.window_days),))
        told = (reasons.volatility(rule, volatility),)
        if volatility <= rule.above:
            return _Switch(reasons=told)
        widen = rule.widen_by if rule.action == "widen" else Decimal(1)
        return _Switch(widen, rule.action == "delay", told)


@dataclass(frozen=True, slots=True)
class _Case:
    """The facts of one day."""

    policy: Policy
    drift: Drift
    goals: tuple[Goal, ...]
    on: date
    last_rebalance: date | None
    widen: Decimal

    def verdict(self) -> Verdict:
        """What the strategy alone says."""
        settings = self.policy.rebalancing
        by_strategy = {
            Strategy.CALENDAR: self._calendar,
            Strategy.THRESHOLD: self._threshold,
            Strategy.MANUAL: self._manual,
            Strategy.NO_TRADE_ZONE: self._zone,
        }
        by_hybrid = {
            Hybrid.SCHEDULED_OR_BREACH: self._scheduled_or_breach,
            Hybrid.BREACH_OR_MAX_INTERVAL: self._breach_or_max_interval,
            Hybrid.SCHEDULED_AND_BREACH: self._scheduled_and_breach,
        }
        return (
            by_hybrid[settings.hybrid]() if settings.strategy == Strategy.HYBRID else by_strategy[settings.strategy]()
        )

    def next_date(self) -> date | None:
        settings = self.policy.rebalancing
        if settings.strategy == Strategy.MANUAL:
            return None
        unscheduled = settings.strategy in (Strategy.THRESHOLD, Strategy.NO_TRADE_ZONE)
        if settings.strategy == Strategy.HYBRID and settings.hybrid == Hybrid.BREACH_OR_MAX_INTERVAL:
            unscheduled = True
        return self.next_check() if unscheduled else self._next_scheduled()

    def next_check(self) -> date:
        """The next day on which `check` looks: daily, or Mondays, or what else the policy says."""
        frequency = self.policy.rebalancing.drift_trigger.check_frequency
        return next_scheduled(Schedule(frequency=frequency), self.policy.exchange, self.on)

    def findings(self) -> Iterator[Finding]:
        settings = self.policy.rebalancing
        by_interval = settings.strategy == Strategy.HYBRID and settings.hybrid == Hybrid.BREACH_OR_MAX_INTERVAL
        if by_interval and self.last_rebalance is None:
            yield reasons.no_recorded_rebalance(settings.max_interval_days)
        if settings.strategy == Strategy.NO_TRADE_ZONE and settings.no_trade_zone is None:
            yield reasons.NO_ZONE

    def _calendar(self) -> Verdict:
        scheduled, told = self._schedule()
        noted = self._breach_reasons() if self._breached else ()
        outside = (reasons.SCHEDULE_ONLY,) if self._breached and not self._is_scheduled() else ()
        return ("scheduled" if scheduled else "none"), (*told, *noted, *outside)

    def _threshold(self) -> Verdict:
        return self._breach(), self._breach_reasons()

    def _manual(self) -> Verdict:
        return "none", (reasons.MANUAL, *self._breach_reasons())

    def _zone(self) -> Verdict:
        if self.policy.rebalancing.no_trade_zone is None:
            return "none", (reasons.NO_ZONE.message,)
        return ("no_trade_zone" if self.drift.breaches else "none"), tuple(reasons.zone(self.drift))

    def _scheduled_or_breach(self) -> Verdict:
        scheduled, told = self._schedule()
        return ("scheduled" if scheduled else self._breach()), (*told, *self._breach_reasons())

    def _breach_or_max_interval(self) -> Verdict:
        limit = self.policy.rebalancing.max_interval_days
        days = None if self.last_rebalance is None else (self.on - self.last_rebalance).days
        told = (*self._breach_reasons(), reasons.interval(days, limit, self.last_rebalance))
        if self._breached:
            return self._breach(), told
        return ("max_interval" if days is not None and days > limit else "none"), told

    def _scheduled_and_breach(self) -> Verdict:
        if self._is_scheduled():
            told = (reasons.scheduled(self.policy, self.on), *self._breach_reasons())
            return self._breach(), told
        noted = (reasons.SCHEDULE_ONLY,) if self._breached else ()
        return "none", (reasons.not_scheduled(self.on, self._next_scheduled()), *self._breach_reasons(), *noted)

    @property
    def _breached(self) -> bool:
        return bool(self.drift.breaches or self.drift.group_breaches)

    def _breach(self) -> TriggerName:
        return "drift" if self.drift.breaches else "group_drift" if self.drift.group_breaches else "none"

    def _breach_reasons(self) -> tuple[Text, ...]:
        return tuple(reasons.breaches(self.policy, self.drift, self.widen))

    def _schedule(self) -> tuple[bool, tuple[Text, ...]]:
        """Does the schedule fire, and what it says."""
        if not self._is_scheduled():
            return False, (reasons.not_scheduled(self.on, self._next_scheduled()),)
        told = reasons.scheduled(self.policy, self.on)
        if worth_trading(self.policy, self.drift, self.goals):
            return True, (told,)
        return False, (told, reasons.nothing_worth_trading(self.policy, self.drift, self.goals))

    def _is_scheduled(self) -> bool:
        return is_scheduled(self.policy.rebalancing.scheduled, self.policy.exchange, self.on)

    def _next_scheduled(self) -> date:
        return next_scheduled(self.policy.rebalancing.scheduled, self.policy.exchange, self.on)
