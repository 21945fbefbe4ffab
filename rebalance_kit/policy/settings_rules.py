"""The rules of the settings: names that exist, months that fit the frequency, thresholds that can be meant.

Each rule yields the problems that it finds, with their paths.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal

from rebalance_kit.money import MINOR_DIGITS, plain
from rebalance_kit.policy.allocation_rules import placed_assets, placed_groups
from rebalance_kit.policy.model import Frequency, Method, Policy, Strategy
from rebalance_kit.policy.problems import Path, Problem, show
from rebalance_kit.policy.settings import DEFAULT_AGE
from rebalance_kit.words import Text

PORTFOLIO: Path = ("portfolio",)
REBALANCING: Path = (*PORTFOLIO, "rebalancing")
SCHEDULED: Path = (*REBALANCING, "scheduled")

# How many months a frequency names, and how far apart: quarterly is four months, each three after the last.
MONTHS_OF = {Frequency.QUARTERLY: 4, Frequency.SEMIANNUAL: 2, Frequency.ANNUAL: 1}


def settings_problems(policy: Policy) -> Iterator[Problem]:
    """Everything that the settings say wrongly, by themselves and with the allocation."""
    yield from _currencies(policy)
    yield from _accounts(policy)
    yield from _months(policy)
    yield from _thresholds(policy)
    yield from _turnover(policy)
    yield from _zone(policy)
    yield from _proxies(policy)
    yield from _ages(policy)
    yield from _repricing(policy)


def _names(names: Iterable[str]) -> str:
    return ", ".join(names)


def _currencies(policy: Policy) -> Iterator[Problem]:
    named = [((*PORTFOLIO, "base_currency"), policy.base_currency)]
    named += [((*path, "currency"), asset.currency) for path, asset in placed_assets(policy) if asset.currency]
    for path, currency in named:
        if currency not in MINOR_DIGITS:
            wrong = Text(f"the currency {show(currency)} is not known", f"{show(currency)}은(는) 알 수 없는 통화입니다")
            expected = Text(f"one of {_names(MINOR_DIGITS)}", f"{_names(MINOR_DIGITS)} 중 하나")
            fix = Text("write the currency's ISO code", "통화의 ISO 코드를 쓰십시오")
            yield Problem("unknown_currency", path, wrong, expected, fix)
    for path, asset in placed_assets(policy):
        if asset.exchange == "XKRX" and policy.currency_of(asset) != "KRW":
            wrong = Text(
                f"{show(asset.name)} is on XKRX but in {asset.currency}",
                f"{show(asset.name)}은(는) XKRX 종목인데 통화가 {asset.currency}입니다",
            )
            expected = Text("KRW, in which the Korea Exchange trades", "한국거래소의 거래 통화인 KRW")
            fix = Text("correct the currency or the exchange", "통화나 거래소를 고치십시오")
            yield Problem("exchange_and_currency", (*path, "currency"), wrong, expected, fix)


def _accounts(policy: Policy) -> Iterator[Problem]:
    known = _names(policy.accounts)
    for path, asset in placed_assets(policy):
        named: list[tuple[Path, str]] = [(("accounts", index), account) for index, account in enumerate(asset.accounts)]
        named += [(("drag", account), account) for account in asset.drag]
        for place, account in named:
            if account not in policy.accounts:
                wrong = Text(f"the account {show(account)} does not exist", f"{show(account)} 계좌가 없습니다")
                expected = Text(
                    f"an account of `portfolio.accounts` ({known})", f"`portfolio.accounts`의 계좌({known})"
                )
                fix = Text("correct the name or add the account", "이름을 고치거나 계좌를 추가하십시오")
                yield Problem("unknown_account", (*path, *place), wrong, expected, fix)


def _months(policy: Policy) -> Iterator[Problem]:
    schedule = policy.rebalancing.scheduled
    path = (*SCHEDULED, "months")
    if schedule.every_months is not None and "frequency" in schedule.model_fields_set:
        wrong = Text("frequency and every_months are both given", "frequency와 every_months가 함께 있습니다")
        expected = Text("one of the two", "둘 중 하나")
        fix = Text("remove one of them", "하나를 지우십시오")
        yield Problem("two_frequencies", (*SCHEDULED, "every_months"), wrong, expected, fix, (*SCHEDULED, "frequency"))
        return
    months = sorted(set(schedule.months))
    if not months:
        return
    if len(months) < len(schedule.months):
        wrong = Text("a month is named twice", "같은 달이 두 번 나옵니다")
        yield Problem(
            "months", path, wrong, Text("each month once", "달마다 한 번"), Text("remove one", "하나를 지우십시오")
        )
    if schedule.every_months is not None:
        if len(months) > 1:
            wrong = Text("every_months is given with several months", "every_months와 여러 달이 함께 있습니다")
            expected = Text("the one month to count from", "세기 시작할 달 하나")
            yield Problem("months", path, wrong, expected, Text("keep the first month", "첫 달만 남기십시오"))
    elif schedule.frequency in MONTHS_OF:
        yield from _regular_months(schedule.frequency, months, path)


def _regular_months(frequency: Frequency, months: list[int], path: Path) -> Iterator[Problem]:
    count = MONTHS_OF[frequency]
    step = 12 // count
    if months == [months[0] + step * i for i in range(count)]:
        return
    shown = _names(str(month) for month in months)
    example = _names(str(1 + step * i) for i in range(count))
    wrong = Text(f"the months {shown} are not {frequency}", f"{shown}월은 {frequency} 주기에 맞지 않습니다")
    expected = Text(
        f"{count} months {step} apart, such as [{example}]", f"{step}개월 간격의 {count}개 달, 예: [{example}]"
    )
    if count == 1:
        expected = Text("one month, such as [1]", "달 하나, 예: [1]")
    fix = Text(
        "correct the months, or write `frequency: monthly` to mean exactly these",
        "달을 고치거나, 바로 이 달들을 뜻한다면 `frequency: monthly`로 쓰십시오",
    )
    yield Problem("months", path, wrong, expected, fix)


def _thresholds(policy: Policy) -> Iterator[Problem]:
    trigger = policy.rebalancing.drift_trigger
    path = (*REBALANCING, "drift_trigger")
    given: list[tuple[Path, Decimal | None]] = [
        ((*path, "threshold"), trigger.threshold),
        ((*path, "group_threshold"), trigger.group_threshold),
        *(((*place, "threshold"), group.threshold) for place, group in placed_groups(policy)),
    ]
    for place, threshold in given:
        if threshold == 0:
            wrong = Text(f"{place[-1]} is 0, which is always reached", f"{place[-1]}이 0이면 항상 초과로 판정됩니다")
            expected = Text("a drift above 0, such as 0.05", "0보다 큰 편차, 예: 0.05")
            fix = Text(
                "write a threshold, or `strategy: calendar` to ignore drift",
                "임계치를 쓰거나, 편차를 보지 않으려면 `strategy: calendar`로 쓰십시오",
            )
            yield Problem("threshold_zero", place, wrong, expected, fix)


def _turnover(policy: Policy) -> Iterator[Problem]:
    if policy.rebalancing.constraints.max_turnover == 0:
        wrong = Text(
            "max_turnover is 0, so nothing could ever be traded", "max_turnover가 0이면 아무것도 거래할 수 없습니다"
        )
        expected = Text("a share of the portfolio above 0", "0보다 큰 비율")
        fix = Text("remove the line or write a share such as 0.2", "이 줄을 지우거나 0.2 같은 비율을 쓰십시오")
        yield Problem("max_turnover_zero", (*REBALANCING, "constraints", "max_turnover"), wrong, expected, fix)


def _zone(policy: Policy) -> Iterator[Problem]:
    settings = policy.rebalancing
    zone = settings.no_trade_zone
    path = (*REBALANCING, "no_trade_zone")
    if not zone:
        for key, value in (("strategy", settings.strategy), ("method", settings.method)):
            if value in (Strategy.NO_TRADE_ZONE, Method.NO_TRADE_ZONE):
                wrong = Text(f"`{key}: no_trade_zone` has no zone", f"`{key}: no_trade_zone`에 구간이 없습니다")
                expected = Text(
                    "`rebalancing.no_trade_zone` with each asset's limits",
                    "자산별 구간이 있는 `rebalancing.no_trade_zone`",
                )
                fix = Text(f"write the zone or choose another {key}", f"구간을 쓰거나 다른 {key}을(를) 고르십시오")
                yield Problem("zone_missing", (*REBALANCING, key), wrong, expected, fix)
        return
    for code, (lower, upper) in zone.items():
        if policy.asset(code) is None:
            yield _unknown_code((*path, code), code)
        if lower > upper:
            wrong = Text(
                f"the zone of {show(code)} begins at {plain(lower)} and ends at {plain(upper)}",
                f"{show(code)}의 구간이 {plain(lower)}에서 시작해 {plain(upper)}에서 끝납니다",
            )
            fix = Text("swap the two limits", "두 값을 바꾸십시오")
            yield Problem("zone_limits", (*path, code), wrong, Text("lower <= upper", "하한 <= 상한"), fix)


def _proxies(policy: Policy) -> Iterator[Problem]:
    path = (*PORTFOLIO, "prices", "proxy")
    for code, proxy in policy.prices.proxy.items():
        if policy.asset(code) is None:
            yield _unknown_code((*path, code), code)
        if code == proxy:
            wrong = Text(f"{show(code)} is its own proxy", f"{show(code)}의 대용 종목이 자기 자신입니다")
            expected = Text("the code of another asset", "다른 종목의 코드")
            yield Problem("own_code", (*path, code), wrong, expected, Text("remove it", "지우십시오"))


def _ages(policy: Policy) -> Iterator[Problem]:
    """Ages by code: of assets, of their proxies, of exchange rates, and of everything else as `default`."""
    ages = policy.prices.max_age
    known = {asset.code for asset in policy.assets} | set(policy.prices.proxy.values()) | {DEFAULT_AGE}
    for code in ages if isinstance(ages, dict) else ():
        first, slash, second = code.partition("/")
        if code not in known and not (slash and {first, second} <= set(MINOR_DIGITS)):
            yield _unknown_code((*PORTFOLIO, "prices", "max_age", code), code)


def _unknown_code(path: Path, code: str) -> Problem:
    return Problem(
        "unknown_code",
        path,
        Text(f"no asset has the code {show(code)}", f"코드가 {show(code)}인 자산이 없습니다"),
        Text("a code of the allocation", "allocation에 있는 코드"),
        Text("correct the code or add the asset", "코드를 고치거나 자산을 추가하십시오"),
    )


def _repricing(policy: Policy) -> Iterator[Problem]:
    """A step after the patience has ended would never be taken."""
    rules = policy.rebalancing.orders
    after, patience = rules.reprice_after_seconds, rules.patience_seconds
    if after is not None and patience is not None and after >= patience:
        yield Problem(
            "reprice_too_late",
            (*REBALANCING, "orders", "reprice_after_seconds"),
            Text(f"{after} seconds is not before the patience of {patience} seconds ends",
                 f"{after}초는 기다리는 시간 {patience}초보다 짧지 않습니다"),
            Text(f"fewer than {patience}", f"{patience}보다 작은 수"),
            Text("shorten it, or lengthen patience_seconds", "줄이거나 patience_seconds를 늘리십시오"),
        )  # fmt: skip
