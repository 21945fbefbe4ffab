"""The rules of the allocation: targets that sum to one, bands around them, groups that agree, codes that can exist.

Sums are exact. Each rule yields the problems that it finds, with their paths.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction

from rebalance_kit.money import as_decimal, plain
from rebalance_kit.policy.codes import CASH_WORDS, is_code
from rebalance_kit.policy.model import GROUP_SEPARATOR, Asset, Group, Policy, Subgroup
from rebalance_kit.policy.problems import Path, Problem, show
from rebalance_kit.words import Text, same

ALLOCATION: Path = ("portfolio", "allocation")


def allocation_problems(policy: Policy) -> Iterator[Problem]:
    """Everything that the allocation says wrongly, by itself and with `cash.target`."""
    yield from _sum_of_targets(policy)
    for path, group in placed_groups(policy):
        yield from _group(path, group)
    seen: dict[str, Path] = {}
    for path, asset in placed_assets(policy):
        yield from _band(path, asset)
        yield from _code(path, asset, krx=trades_at_krx(policy, asset))
        yield from _related_codes(path, asset)
        if asset.code in seen:
            yield _duplicate(path, asset, seen[asset.code])
        seen.setdefault(asset.code, path)


def placed_groups(policy: Policy) -> Iterator[tuple[Path, Group | Subgroup]]:
    """Every group and subgroup with its path."""
    for name, group in policy.allocation.items():
        yield (*ALLOCATION, name), group
        for subname, subgroup in group.groups.items():
            yield (*ALLOCATION, name, "groups", subname), subgroup


def placed_assets(policy: Policy) -> Iterator[tuple[Path, Asset]]:
    """Every asset with its path."""
    for path, group in placed_groups(policy):
        for index, asset in enumerate(group.assets):
            yield (*path, "assets", index), asset


def trades_at_krx(policy: Policy, asset: Asset) -> bool:
    """Whether the Korean exchange's codes are expected: its own exchange says so, or it is a won asset at home."""
    if asset.exchange is not None:
        return asset.exchange == "XKRX"
    return policy.exchange == "XKRX" and policy.currency_of(asset) == "KRW"


def _exact_sum(assets: Sequence[Asset]) -> Fraction:
    return sum((Fraction(asset.target) for asset in assets), Fraction(0))


def _sum_of_targets(policy: Policy) -> Iterator[Problem]:
    cash = policy.rebalancing.cash.target
    total = _exact_sum(policy.assets) + Fraction(cash)
    if total == 1:
        return
    shown, gap = plain(as_decimal(total)), plain(as_decimal(abs(1 - total)))
    what = Text("the targets and cash.target sum", "목표 비중과 cash.target의 합") if cash else None
    what = what or Text("the targets sum", "목표 비중의 합")
    if total < 1:
        target = plain(as_decimal(Fraction(cash) + 1 - total))
        wrong = Text(f"{what.en} to {shown}, {gap} too little", f"{what.ko}이 {shown}(으)로 {gap} 모자랍니다")
        fix = Text(
            f"add {gap} to the targets, or set rebalancing.cash.target to {target}",
            f"목표 비중을 {gap} 늘리거나 rebalancing.cash.target을 {target}(으)로 쓰십시오",
        )
    else:
        wrong = Text(f"{what.en} to {shown}, {gap} too much", f"{what.ko}이 {shown}(으)로 {gap} 초과합니다")
        fix = Text(f"take {gap} off the targets", f"목표 비중을 {gap} 줄이십시오")
    yield Problem("targets_do_not_sum_to_one", ALLOCATION, wrong, Text("a sum of exactly 1", "정확히 1"), fix)


def _band(path: Path, asset: Asset) -> Iterator[Problem]:
    expected = same("min <= target <= max")
    target, name = plain(asset.target), show(asset.name)
    if asset.min is not None and asset.min > asset.target:
        low = plain(asset.min)
        wrong = Text(
            f"min {low} of {name} is above its target {target}", f"{name}의 min {low}이(가) 목표 {target}보다 큽니다"
        )
        fix = Text(f"write a min of {target} or less", f"min을 {target} 이하로 쓰십시오")
        yield Problem("min_above_target", (*path, "min"), wrong, expected, fix)
    if asset.max is not None and asset.max < asset.target:
        high = plain(asset.max)
        wrong = Text(
            f"max {high} of {name} is below its target {target}",
            f"{name}의 max {high}이(가) 목표 {target}보다 작습니다",
        )
        fix = Text(f"write a max of {target} or more", f"max를 {target} 이상으로 쓰십시오")
        yield Problem("max_below_target", (*path, "max"), wrong, expected, fix)


def _group(path: Path, group: Group | Subgroup) -> Iterator[Problem]:
    name = show(path[-1])
    if GROUP_SEPARATOR in str(path[-1]):
        wrong = Text(
            f"the group name {name} holds '{GROUP_SEPARATOR}'",
            f"그룹 이름 {name}에 '{GROUP_SEPARATOR}'가 들어 있습니다",
        )
        expected = Text("a name without it, since it stands between group and subgroup", "그 표시가 없는 이름")
        yield Problem(
            "group_name",
            path,
            wrong,
            expected,
            Text("write the name without spaces around the slash", "빗금 양옆의 공백을 지우십시오"),
        )
    subgroups = group.groups if isinstance(group, Group) else {}
    if not group.assets and not subgroups:
        wrong = Text(f"the group {name} holds nothing", f"그룹 {name}이(가) 비어 있습니다")
        expected = Text("`assets` or `groups` in each group", "그룹마다 `assets` 또는 `groups`")
        yield Problem(
            "empty_group",
            path,
            wrong,
            expected,
            Text("add an asset or remove the group", "자산을 넣거나 그룹을 지우십시오"),
        )
        return
    total = _exact_sum([*group.assets, *(asset for subgroup in subgroups.values() for asset in subgroup.assets)])
    if group.weight is not None and Fraction(group.weight) != total:
        weight, shown = plain(group.weight), plain(as_decimal(total))
        wrong = Text(
            f"the weight {weight} of the group {name} is not the sum {shown} of its targets",
            f"그룹 {name}의 weight {weight}이(가) 자산 목표의 합 {shown}와(과) 다릅니다",
        )
        fix = Text(
            f"write `weight: {shown}` or correct the targets", f"`weight: {shown}`(으)로 쓰거나 목표를 고치십시오"
        )
        yield Problem("group_weight", (*path, "weight"), wrong, Text("the sum of its targets", "자산 목표의 합"), fix)


def _duplicate(path: Path, asset: Asset, first: Path) -> Problem:
    code = show(asset.code)
    return Problem(
        "duplicate_code",
        (*path, "code"),
        Text(f"the code {code} is given twice", f"코드 {code}이(가) 두 번 나옵니다"),
        Text("each code once", "코드마다 한 번"),
        Text("remove one of the two or correct its code", "둘 중 하나를 지우거나 코드를 고치십시오"),
        also=(*first, "code"),
    )


def _code(path: Path, asset: Asset, *, krx: bool) -> Iterator[Problem]:
    code = show(asset.code)
    path = (*path, "code")
    if asset.code in CASH_WORDS:
        wrong = Text(f"{code} stands for cash in a holdings file", f"{code}은(는) 보유 파일에서 현금을 뜻합니다")
        fix = Text("use `rebalancing.cash.target` for cash", "현금 비중은 `rebalancing.cash.target`에 쓰십시오")
        yield Problem("cash_as_asset", path, wrong, Text("the code of an asset", "자산의 종목 코드"), fix)
    elif not is_code(asset.code, krx=krx):
        wrong = Text(f"the code {code} cannot exist on its exchange", f"{code}은(는) 거래소에 있을 수 없는 코드입니다")
        expected = Text("1-12 characters of A-Z 0-9 . / -", "A-Z 0-9 . / - 1~12자")
        if krx:
            expected = Text(
                "6 or 7 characters of 0-9 A-Z, as the Korea Exchange uses them", "0-9 A-Z 6~7자(한국거래소)"
            )
        yield Problem("bad_code", path, wrong, expected, _better_code(asset.code, krx=krx))


def _better_code(code: str, *, krx: bool) -> Text:
    """What was probably meant; the program never takes it by itself."""
    if krx and code.isascii() and code.isdigit() and len(code) < 6:
        return Text(
            f"give it its leading zeros: `code: '{code:0>6}'`", f"앞자리 0을 되살리십시오: `code: '{code:0>6}'`"
        )
    upper = code.upper()
    if is_code(upper, krx=krx):
        return Text(f"write `code: '{upper}'`", f"`code: '{upper}'`(으)로 쓰십시오")
    if krx and is_code(upper, krx=False):
        return Text(
            "correct it, or give the asset its `exchange` and `currency` (XNYS and USD, say)",
            "코드를 고치거나 자산에 `exchange`와 `currency`(예: XNYS, USD)를 쓰십시오",
        )
    return Text("write the code as the exchange lists it", "거래소에 등록된 코드를 쓰십시오")


def _related_codes(path: Path, asset: Asset) -> Iterator[Problem]:
    related: list[tuple[Path, str]] = [((*path, "identical_to", i), code) for i, code in enumerate(asset.identical_to)]
    if asset.replacement is not None:
        related.append(((*path, "replacement"), asset.replacement))
    for place, code in related:
        if code == asset.code:
            wrong = Text(f"{show(code)} names the asset itself", f"{show(code)}은(는) 그 자산 자신입니다")
            yield Problem("own_code", place, wrong, Text("another asset", "다른 자산"), Text("remove it", "지우십시오"))
        elif not is_code(code, krx=False):
            wrong = Text(f"{show(code)} is no code", f"{show(code)}은(는) 종목 코드가 아닙니다")
            expected = Text("1-12 characters of A-Z 0-9 . / -", "A-Z 0-9 . / - 1~12자")
            yield Problem("bad_code", place, wrong, expected, _better_code(code, krx=False))
