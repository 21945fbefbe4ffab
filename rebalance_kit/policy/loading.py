"""From `portfolio.yaml` to a `Policy`, or to one error that names the line.

The file becomes text, the text a tree of sections, lists and text with places, the tree a policy; then the policy is
asked whether its values agree. Everything that is wrong is collected: the first problem is the message, the rest
is in `PolicyError.more`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path as FilePath

from pydantic import ValidationError

from rebalance_kit.policy.codes import needs_quotes
from rebalance_kit.policy.consistency import policy_problems
from rebalance_kit.policy.model import Policy
from rebalance_kit.policy.problems import Path, Problem, dotted, policy_error, show
from rebalance_kit.policy.text_file import policy_file, read_text
from rebalance_kit.policy.yaml_tree import YamlTree, YamlValue, parse_yaml
from rebalance_kit.words import Text

ROOT = "portfolio"
NOTHING = ("", "~", "null")  # what YAML reads as no value


def load_policy(path: FilePath) -> Policy:
    """The policy of a portfolio folder, or of a policy file.

    PolicyError (exit 2) for a file that is missing, unreadable or wrong; nothing is written.
    """
    file = policy_file(path)
    return policy_from_text(read_text(file), str(file))


def policy_from_text(text: str, source: str) -> Policy:
    """The policy that a YAML text describes; `source` names it in errors. PolicyError if it describes none."""
    tree = parse_yaml(text, source)
    problems = list(_outside(tree.data))
    if problems:
        raise policy_error(problems, source, tree.lines)
    section = tree.data[ROOT] if isinstance(tree.data, dict) else {}
    problems = list(_unclear_texts(section, tree))
    policy: Policy | None = None
    try:
        policy = Policy.model_validate(section)
    except ValidationError as error:
        from rebalance_kit.policy.explain import explain

        problems += explain(error.errors(include_url=False), (ROOT,))
    else:
        problems += policy_problems(policy)
    if problems or policy is None:
        first_of_each = {problem.path: problem for problem in reversed(problems)}
        raise policy_error(first_of_each.values(), source, tree.lines)
    return policy


def _outside(data: YamlValue) -> Iterator[Problem]:
    """What is wrong around the `portfolio:` section."""
    expected = Text(f"one section `{ROOT}:` with everything else below it", f"모든 내용을 담은 `{ROOT}:` 섹션 하나")
    if not isinstance(data, dict):
        found = (
            Text("a list", "목록") if isinstance(data, list) else Text(f"the text {show(data)}", f"텍스트 {show(data)}")
        )
        wrong = Text(f"the file is {found.en}", f"파일 내용이 {found.ko}입니다")
        fix = Text(f"begin the file with `{ROOT}:`", f"파일을 `{ROOT}:`(으)로 시작하십시오")
        yield Problem("no_portfolio_section", (), wrong, expected, fix)
        return
    if ROOT in data:
        strangers = [key for key in data if key != ROOT]
        if strangers:
            from rebalance_kit.policy.explain import unknown_key
            from rebalance_kit.policy.schema import json_schema

            yield from (unknown_key((key,), json_schema()) for key in strangers)
        return
    wrong = Text(f"the file has no `{ROOT}:` section", f"파일에 `{ROOT}:` 섹션이 없습니다")
    near = next((key for key in data if key.lower().rstrip("s") == ROOT), None)
    fix = Text(f"write `{ROOT}:` and indent everything below it", f"`{ROOT}:`를 쓰고 나머지를 그 아래에 들여 쓰십시오")
    if near:
        fix = Text(f"write `{ROOT}:` instead of {show(near)}", f"{show(near)} 대신 `{ROOT}:`(으)로 쓰십시오")
    yield Problem("no_portfolio_section", (near,) if near else (), wrong, expected, fix)


def _unclear_texts(section: YamlValue, tree: YamlTree) -> Iterator[Problem]:
    """Texts without quotes that another YAML reader would turn into something else, and keys without a value.

    What is meant is not said, so it is not guessed.
    """
    for path, text in _texts(section, (ROOT,)):
        if tree.places[path].quoted:
            continue
        if _is_code(path) and needs_quotes(text):
            yield _unquoted(path, text)
        elif text.lower() in NOTHING:
            yield _empty(path)
    for path, place in tree.places.items():
        if _is_code_key(path) and not place.key_quoted and needs_quotes(str(path[-1])):
            yield _unquoted(path, str(path[-1]))


def _texts(value: YamlValue, path: Path) -> Iterator[tuple[Path, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _texts(inner, (*path, key))
    else:
        for index, inner in enumerate(value):
            yield from _texts(inner, (*path, index))


def _is_code(path: Path) -> bool:
    """Whether a code stands at a path of the format."""
    if "allocation" in path:
        return path[-1] in ("code", "replacement") or "identical_to" in path[-2:-1]
    return path[-3:-1] == ("prices", "proxy")


def _is_code_key(path: Path) -> bool:
    return path[-3:-1] in (("prices", "proxy"), ("prices", "max_age")) or path[-2:-1] == ("no_trade_zone",)


def _empty(path: Path) -> Problem:
    name = dotted(path[-2:]) if isinstance(path[-1], int) else path[-1]
    fix = Text("write one, or remove the line", "값을 쓰거나 이 줄을 지우십시오")
    if path == (ROOT,):
        fix = Text("write the keys of the policy below it", "그 아래에 정책의 키를 쓰십시오")
    wrong = Text(f"{name} has no value", f"{name}에 값이 없습니다")
    return Problem("empty_value", path, wrong, Text("a value after the colon", "콜론 뒤의 값"), fix)


def _unquoted(path: Path, text: str) -> Problem:
    key = path[-1] if path[-1] in ("code", "replacement") else None
    written = f"{key}: '{text}'" if key else f"'{text}'"
    return Problem(
        "unquoted_code",
        path,
        Text(f"the code {text} is not in quotes", f"코드 {text}에 따옴표가 없습니다"),
        Text("a code as text, which keeps its zeros", "앞자리 0이 남는 텍스트 코드"),
        Text(f"write `{written}`", f"`{written}`(으)로 쓰십시오"),
    )
