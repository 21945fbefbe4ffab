"""The rules of `costs.tracking`: codes that exist, one correlation for each pair, correlations that fit together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction

from rebalance_kit.money import plain
from rebalance_kit.policy.model import Policy
from rebalance_kit.policy.problems import Path, Problem, show
from rebalance_kit.words import Text

TRACKING: Path = ("portfolio", "costs", "tracking")
Pairs = Mapping[tuple[str, str], Fraction]


def tracking_problems(policy: Policy) -> Iterator[Problem]:
    """Everything that `costs.tracking` says wrongly."""
    stated = policy.costs.tracking
    for section in ("volatility", "expected_return", "correlation"):
        for code in getattr(stated, section):
            if policy.asset(code) is None:
                yield _unknown((*TRACKING, section, code), code)
    found = [*_pairs(policy)]
    yield from found
    if stated.correlation and not found:
        yield from _fit(policy)


def correlations(policy: Policy) -> Pairs:
    """The stated correlations, each pair once."""
    stated = policy.costs.tracking.correlation
    return {(row, code): Fraction(value) for row, others in stated.items() for code, value in others.items()}


def _pairs(policy: Policy) -> Iterator[Problem]:
    stated = policy.costs.tracking
    for row, others in stated.correlation.items():
        for code, value in others.items():
            path = (*TRACKING, "correlation", row, code)
            if policy.asset(code) is None:
                yield _unknown(path, code)
            elif row == code or code not in stated.volatility or row not in stated.volatility:
                wrong = Text(
                    f"a correlation of {show(row)} with {show(code)}", f"{show(row)}와(과) {show(code)}의 상관계수"
                )
                expected = Text("two different codes that have a volatility", "변동성이 있는 서로 다른 두 종목")
                fix = Text("add the volatility or remove the line", "변동성을 쓰거나 이 줄을 지우십시오")
                yield Problem("correlation_pair", path, wrong, expected, fix)
            elif abs(value) > 1:
                wrong = Text(
                    f"the correlation of {show(row)} with {show(code)} is {plain(value)}",
                    f"{show(row)}와(과) {show(code)}의 상관계수가 {plain(value)}입니다",
                )
                fix = Text("correct the value", "값을 고치십시오")
                yield Problem("out_of_range", path, wrong, Text("a number from -1 to 1", "-1부터 1까지의 수"), fix)
            elif stated.correlation.get(code, {}).get(row, value) != value:
                wrong = Text(
                    f"{show(row)} and {show(code)} have two correlations",
                    f"{show(row)}와(과) {show(code)}의 상관계수가 둘입니다",
                )
                fix = Text("remove one of the two", "하나를 지우십시오")
                yield Problem("two_correlations", path, wrong, Text("one for each pair", "쌍마다 하나"), fix)


def _fit(policy: Policy) -> Iterator[Problem]:
    """No portfolio may have a negative variance: the matrix is positive semidefinite, decided exactly."""
    pairs = correlations(policy)
    codes = sorted({code for pair in pairs for code in pair})
    if not is_semidefinite(codes, pairs):
        lowest = min(value for others in policy.costs.tracking.correlation.values() for value in others.values())
        wrong = Text(
            f"the correlations (the lowest is {plain(lowest)}) contradict each other",
            f"상관계수(최저 {plain(lowest)})가 서로 맞지 않습니다",
        )
        expected = Text(
            "correlations under which no portfolio has a negative variance",
            "어떤 비중에서도 분산이 음수가 되지 않는 값",
        )
        fix = Text("move them towards 0", "0에 가깝게 고치십시오")
        yield Problem("correlations_do_not_fit", (*TRACKING, "correlation"), wrong, expected, fix)


def is_semidefinite(codes: list[str], pairs: Pairs) -> bool:
    """Whether a correlation matrix is positive semidefinite, by exact elimination: no pivot may be negative, and where
    one is zero its row must be zero too."""
    matrix = {
        (a, b): Fraction(a == b) or pairs.get((a, b), pairs.get((b, a), Fraction(0))) for a in codes for b in codes
    }
    for place, pivot in enumerate(codes):
        rest = codes[place + 1 :]
        head = matrix[pivot, pivot]
        if head < 0 or (head == 0 and any(matrix[pivot, code] for code in rest)):
            return False
        if head:
            for a in rest:
                factor = matrix[a, pivot] / head
                for b in rest:
                    matrix[a, b] -= factor * matrix[pivot, b]
    return True


def _unknown(path: Path, code: str) -> Problem:
    return Problem(
        "unknown_code",
        path,
        Text(f"no asset has the code {show(code)}", f"코드가 {show(code)}인 자산이 없습니다"),
        Text("a code of the allocation", "allocation에 있는 코드"),
        Text("correct the code or add the asset", "코드를 고치거나 자산을 추가하십시오"),
    )
