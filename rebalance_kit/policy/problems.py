"""What is wrong with a policy, as a value with its place, and how it becomes the one sentence of an error."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from rebalance_kit.errors import PolicyError
from rebalance_kit.words import Text, same

Path = tuple[str | int, ...]

BARE = re.compile(r"[+-]?[0-9][0-9.,_]{0,20}%?")
LONGEST_VALUE = 40  # of a value that a message repeats


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake. `path` leads from the top of the file to it, `also` to a second place that belongs to it."""

    code: str
    path: Path
    wrong: Text
    expected: Text
    fix: Text
    also: Path | None = None


def show(value: object) -> str:
    """A value of the file as a message repeats it: on one line, not longer than a person reads, numbers bare."""
    text = " ".join(str(value).split())
    if BARE.fullmatch(text):
        return text
    return repr(text if len(text) <= LONGEST_VALUE else text[: LONGEST_VALUE - 1] + "…")


def dotted(path: Path) -> str:
    """A path as people write it: `portfolio.allocation.core.assets[0].target`."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text


def at_line(source: str, line: int) -> Text:
    """A place in a file."""
    return Text(f"{source}, line {line}", f"{source} {line}행")


def line_of(lines: Mapping[Path, int], path: Path) -> int:
    """The line of a path, or of the nearest part of it that the file has."""
    while path and path not in lines:
        path = path[:-1]
    return lines.get(path, 1)


def policy_error(problems: Iterable[Problem], source: str, lines: Mapping[Path, int] | None = None) -> PolicyError:
    """One error of all `problems`: the first in the file speaks, the others are counted and kept in `.more`.

    Without `lines` (a policy that is in no file) the place is `source` and the path. ValueError without problems.
    """
    if lines is None:
        errors = [_error(problem, same(f"{source}, {dotted(problem.path)}")) for problem in problems]
        return _with_more(errors, Text("", ""))
    ordered = sorted(_named(problems, lines), key=lambda pair: pair[0])
    errors = [_error(problem, at_line(source, line)) for line, problem in ordered]
    following = sorted({line for line, _ in ordered[1:]})
    shown = ", ".join(str(line) for line in following[:5]) + (", ..." if len(following) > 5 else "")
    return _with_more(errors, Text(f" in line {shown}", f"{shown}행에 "))


def _named(problems: Iterable[Problem], lines: Mapping[Path, int]) -> Iterable[tuple[int, Problem]]:
    for problem in problems:
        wrong = problem.wrong
        if problem.also is not None:
            other = line_of(lines, problem.also)
            wrong = Text(f"{wrong.en} (the other in line {other})", f"{wrong.ko} (다른 하나는 {other}행)")
        yield line_of(lines, problem.path), replace(problem, wrong=wrong)


def _error(problem: Problem, where: Text) -> PolicyError:
    return PolicyError(problem.code, where=where, wrong=problem.wrong, expected=problem.expected, fix=problem.fix)


def _with_more(errors: list[PolicyError], places: Text) -> PolicyError:
    if not errors:
        raise ValueError("an error needs a problem")
    first, *more = errors
    if not more:
        return first
    count = len(more)
    fix = Text(
        f"{first.fix.en} ({count} more {'problem' if count == 1 else 'problems'}{places.en})",
        f"{first.fix.ko} ({places.ko}문제 {count}개 더 있음)",
    )
    error = PolicyError(first.code, where=first.where, wrong=first.wrong, expected=first.expected, fix=fix)
    error.more = tuple(more)
    return error
