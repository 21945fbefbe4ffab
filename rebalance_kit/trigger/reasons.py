"""What a decision says, for and against, in both languages. Every figure is one that the decision was taken on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal
from fractions import Fraction

from rebalance_kit.drift import AssetDrift, Drift, GroupDrift
from rebalance_kit.goals import Goal, minimum_trade
from rebalance_kit.money import ONE, ZERO, plain, product, show_money, show_percent, show_points
from rebalance_kit.policy.bands import SMALLER_OF_SHARE
from rebalance_kit.policy.choices import BandKind
from rebalance_kit.policy.model import Policy, Schedule
from rebalance_kit.policy.settings import Volatility
from rebalance_kit.words import Finding, Text

CASH_FLOW = Text("A deposit or withdrawal is always planned.", "입금이나 출금은 항상 계획을 세웁니다.")
FORCED = Text(
    "Asked for by a person: the trigger is overridden, limits and checks are not.",
    "사람이 직접 요청했습니다. 실행 조건만 건너뛰고 한도와 점검은 그대로 적용합니다.",
)
MANUAL = Text("The strategy is manual: nothing is due by itself.", "수동 전략이므로 스스로 리밸런싱하지 않습니다.")
SCHEDULE_ONLY = Text(
    "A breach alone is not acted on: this strategy trades on scheduled days only.",
    "이 전략은 정기 점검일에만 매매하므로 기준 이탈만으로는 매매하지 않습니다.",
)
NO_ZONE = Finding(
    "no_zone",
    "warning",
    Text(
        "The strategy is no_trade_zone and the policy holds no zone: nothing can become due.",
        "전략은 no_trade_zone인데 정책에 무거래 구간이 없어 리밸런싱할 때를 정할 수 없습니다.",
    ),
)
_FREQUENCIES = {
    "daily": Text("daily", "매일"),
    "weekly": Text("weekly", "매주"),
    "monthly": Text("monthly", "매월"),
    "quarterly": Text("quarterly", "분기"),
    "semiannual": Text("half-yearly", "반기"),
    "annual": Text("yearly", "매년"),
}


def breaches(policy: Policy, drift: Drift, widen: Decimal = ONE) -> Iterator[Text]:
    """Every asset and every group that is past its band; where there is none, the largest drift and its threshold."""
    yield from map(_asset_breach, drift.breaches, [drift.total_value] * len(drift.breaches))
    if not drift.breaches and drift.largest:
        yield _largest(drift.largest, _threshold(policy, widen), _near(drift.largest, policy, widen))
    yield from (_group_breach(group) for group in drift.group_breaches)
    tested = [group for group in drift.groups if group.threshold is not None]
    if tested and not drift.group_breaches:
        yield _largest_group(max(tested, key=lambda group: group.drift.copy_abs()))


def zone(drift: Drift) -> Iterator[Text]:
    """Every asset that is outside its no-trade zone, or that there is none."""
    for asset in drift.breaches:
        name, now, band = _label(asset), _percent(asset.current_weight), _band(asset)
        yield Text(
            f"{name} is outside its no-trade zone: {now} against {band}.",
            f"{name}: 현재 비중 {now}, 무거래 구간 {band} 밖입니다.",
        )
    if not drift.breaches:
        yield Text("Every asset is inside its no-trade zone.", "모든 종목이 무거래 구간 안에 있습니다.")


def scheduled(policy: Policy, on: date) -> Text:
    """The day is a scheduled one."""
    often = _often(policy.rebalancing.scheduled)
    return Text(f"{on} is a scheduled day ({often.en}).", f"기준일({on})은 정기 점검일입니다({often.ko}).")


def not_scheduled(on: date, following: date) -> Text:
    """The day is no scheduled one."""
    return Text(
        f"{on} is not a scheduled day; the next one is {following}.",
        f"기준일({on})은 정기 점검일이 아닙니다. 다음 정기 점검일은 {following}입니다.",
    )


def nothing_worth_trading(policy: Policy, drift: Drift, goals: Iterable[Goal]) -> Text:
    """A scheduled day finds only amounts that are too small."""
    largest = max((goal.amount.copy_abs() for goal in goals), default=ZERO)
    amount = show_money(largest, drift.base_currency)
    minimum = show_money(minimum_trade(policy, drift.total_value), drift.base_currency)
    return Text(
        f"Nothing is worth trading: the largest amount to a goal is {amount}, and an order needs at least {minimum} "
        "and one share.",
        f"매매할 만한 금액이 없습니다. 목표까지 가장 큰 금액이 {amount}이며, "
        f"주문에는 최소 {minimum}과 1주 값이 필요합니다.",
    )


def interval(days: int | None, limit: int, last: date | None) -> Text:
    """How long ago the last rebalance was, against the longest interval."""
    if days is None:
        return Text(
            f"No rebalance is recorded, so the limit of {limit} days does not fire.",
            f"기록된 리밸런싱이 없어 최대 간격 {limit}일 조건은 적용하지 않습니다.",
        )
    if days > limit:
        return Text(
            f"The last rebalance was {days} days ago ({last}), more than {limit}.",
            f"마지막 리밸런싱({last}) 이후 {days}일이 지나 최대 간격 {limit}일을 넘었습니다.",
        )
    return Text(
        f"The last rebalance was {days} days ago ({last}), not more than {limit}.",
        f"마지막 리밸런싱({last}) 이후 {days}일이 지났으며 최대 간격 {limit}일을 넘지 않았습니다.",
    )


def volatility(rule: Volatility, realised: Decimal) -> Text:
    """The realised volatility against the policy's level, and what follows from it."""
    now, level = _percent(realised), _percent(rule.above)
    if realised <= rule.above:
        return Text(
            f"Realised volatility is {now} a year, not above {level}.",
            f"실현 변동성은 연 {now}로 기준 {level}를 넘지 않습니다.",
        )
    factor = plain(rule.widen_by)
    effect = {
        "none": Text("the policy changes nothing", "정책에 따라 바뀌는 것은 없습니다"),
        "widen": Text(f"thresholds are multiplied by {factor}", f"기준을 {factor}배로 넓힙니다"),
        "delay": Text("trading waits", "매매를 미룹니다"),
    }[rule.action]
    return Text(
        f"Realised volatility is {now} a year, above {level}: {effect.en}.",
        f"실현 변동성이 연 {now}로 기준 {level}를 넘었습니다. {effect.ko}.",
    )


def delayed(until: date) -> Text:
    """What would be due is put off."""
    return Text(f"A rebalance would be due; it waits until {until}.", f"리밸런싱할 때이지만 {until}까지 미룹니다.")


def volatility_unknown(window_days: int) -> Finding:
    """The switch cannot be judged."""
    return Finding(
        "volatility_unknown",
        "warning",
        Text(
            f"The volatility switch is not applied: prices of the last {window_days} days are not known.",
            f"최근 {window_days}일 가격을 알 수 없어 변동성 조건을 적용하지 않습니다.",
        ),
    )


def no_recorded_rebalance(limit: int) -> Finding:
    """The longest interval cannot be judged."""
    return Finding("no_recorded_rebalance", "warning", interval(None, limit, None))


def _asset_breach(asset: AssetDrift, total: Decimal) -> Text:
    name, now, target, band = _label(asset), _percent(asset.current_weight), _percent(asset.target_weight), _band(asset)
    points = show_points(asset.drift)
    at_edge = any(Fraction(asset.value) == Fraction(edge) * Fraction(total) for edge in (asset.lower, asset.upper))
    where = Text("at the edge of", "경계에 닿았습니다") if at_edge else Text("outside", "벗어났습니다")
    return Text(
        f"{name} has drifted {points} points to {now} against a target of {target}, {where.en} its band {band}.",
        f"{name}: 현재 {now}, 목표 {target}, 편차 {points}%p로 허용 범위 {band}{'의' if at_edge else '를'} {where.ko}.",
    )


def _group_breach(group: GroupDrift) -> Text:
    now, target, points = _percent(group.current_weight), _percent(group.target_weight), show_points(group.drift)
    limit = _points(group.threshold or ZERO)
    return Text(
        f"Group {group.name} has drifted {points} points to {now} against a target of {target}; the threshold is "
        f"{limit} points.",
        f"그룹 {group.name}: 현재 {now}, 목표 {target}, 편차 {points}%p로 기준 {limit}%p에 이르렀습니다.",
    )


def _largest(asset: AssetDrift, threshold: Text, digits: int) -> Text:
    name, points = _label(asset), show_points(asset.drift, digits)
    side = "over" if asset.drift > 0 else "under" if asset.drift < 0 else "on"
    return Text(
        f"No asset is past its band: the largest drift is {points.lstrip('+-')} points, {name} {side} its target, and "
        f"the threshold is {threshold.en}.",
        f"허용 범위를 벗어난 종목이 없습니다. 가장 큰 편차는 {name}의 {points}%p이고 기준은 {threshold.ko}입니다.",
    )


def _largest_group(group: GroupDrift) -> Text:
    limit = group.threshold or ZERO
    points = show_points(group.drift, _digits(group.drift, limit))
    return Text(
        f"No group is past its threshold: the largest drift is {points.lstrip('+-')} points ({group.name}) and the "
        f"threshold is {_points(limit)} points.",
        f"기준을 벗어난 그룹이 없습니다. 가장 큰 편차는 {group.name}의 {points}%p이고 기준은 {_points(limit)}%p입니다.",
    )


def _threshold(policy: Policy, widen: Decimal) -> Text:
    """The threshold of the policy in words, as widened."""
    trigger = policy.rebalancing.drift_trigger
    points = _points(product(trigger.threshold, widen))
    if trigger.kind == BandKind.RELATIVE:
        share = _percent(product(trigger.threshold, widen))
        return Text(f"{share} of the target", f"목표의 {share}")
    if trigger.kind == BandKind.SMALLER_OF:
        share = _percent(product(SMALLER_OF_SHARE, widen))
        return Text(
            f"the smaller of {points} points and {share} of the target", f"{points}%p와 목표의 {share} 중 작은 값"
        )
    return Text(f"{points} points", f"{points}%p")


def _near(asset: AssetDrift, policy: Policy, widen: Decimal) -> int:
    return _digits(asset.drift, product(policy.rebalancing.drift_trigger.threshold, widen))


def _digits(drift: Decimal, limit: Decimal) -> int:
    """Enough digits that a drift below the threshold never reads as the threshold (4.996 against 5)."""
    size = drift.copy_abs()
    return next((n for n in (2, 4, 6) if size >= limit or show_points(size, n) != show_points(limit, n)), 8)


def _often(schedule: Schedule) -> Text:
    if schedule.every_months is None:
        return _FREQUENCIES[schedule.frequency]
    return Text(f"every {schedule.every_months} months", f"{schedule.every_months}개월마다")


def _label(asset: AssetDrift) -> str:
    return asset.code if asset.name == asset.code else f"{asset.name} ({asset.code})"


def _band(asset: AssetDrift) -> str:
    return f"{_percent(asset.lower)} - {_percent(asset.upper)}"


def _percent(weight: Decimal) -> str:
    """38.18%, 65%: two digits where there are any."""
    digits = show_percent(weight, 2).removesuffix("%")
    return f"{digits.rstrip('0').rstrip('.')}%"


def _points(width: Decimal) -> str:
    """A threshold as people write it: 0.05 -> 5, 0.025 -> 2.5."""
    return plain(product(width, Decimal(100)))
