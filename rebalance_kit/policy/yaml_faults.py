"""What the YAML reader refuses, and how it says so: one row per fault, `{0}` and `{1}` being its particulars."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from rebalance_kit.errors import PolicyError
from rebalance_kit.policy.problems import at_line
from rebalance_kit.words import Text

KEY_LINES = Text("lines such as `key: value`, indented with spaces", "공백으로 들여 쓴 `키: 값` 형식의 줄")
A_POLICY = Text("the policy of one portfolio", "포트폴리오 하나의 정책")


@dataclass(frozen=True, slots=True)
class Fault:
    wrong: Text
    expected: Text
    fix: Text


FAULTS: Mapping[str, Fault] = {
    "tab_in_indentation": Fault(
        Text("the line is indented with a tab", "탭 문자로 들여 썼습니다"),
        KEY_LINES,
        Text("replace the tab with spaces", "탭을 공백으로 바꾸십시오"),
    ),
    "not_yaml": Fault(
        Text("the YAML cannot be read here ({0})", "여기에서 YAML을 읽을 수 없습니다({0})"),
        KEY_LINES,
        Text(
            "check the indentation, colons and quotes of this line and the one above",
            "이 줄과 윗줄의 들여쓰기, 콜론, 따옴표를 확인하십시오",
        ),
    ),
    "several_documents": Fault(
        Text("a second document begins here", "여기에서 두 번째 문서가 시작됩니다"),
        A_POLICY,
        Text("give each portfolio a file of its own", "포트폴리오마다 파일을 따로 만드십시오"),
    ),
    "file_empty": Fault(
        Text("the file is empty", "파일이 비어 있습니다"),
        A_POLICY,
        Text(
            "write a `portfolio:` section, or copy a sample portfolio",
            "`portfolio:` 섹션을 쓰거나 예제 포트폴리오를 복사하십시오",
        ),
    ),
    "too_deep": Fault(
        Text("values are nested more than {0} levels deep", "값이 {0}단계보다 깊이 중첩되어 있습니다"),
        A_POLICY,
        Text("check the brackets and the indentation", "괄호와 들여쓰기를 확인하십시오"),
    ),
    "too_many_values": Fault(
        Text("the file stands for more than {0} values", "파일의 값이 {0}개를 넘습니다"),
        A_POLICY,
        Text(
            "check that this is the right file, and write its aliases out",
            "올바른 파일인지 확인하고 별칭을 풀어 쓰십시오",
        ),
    ),
    "key_is_not_text": Fault(
        Text("a list, section or alias stands where a key belongs", "키 자리에 목록, 섹션 또는 별칭이 있습니다"),
        KEY_LINES,
        Text("write a plain word before the colon", "콜론 앞에 낱말을 쓰십시오"),
    ),
    "merge_key": Fault(
        Text("the merge key `<<` is not supported", "병합 키 `<<`는 지원하지 않습니다"),
        KEY_LINES,
        Text("write the keys out", "키를 모두 풀어 쓰십시오"),
    ),
    "unknown_alias": Fault(
        Text("the alias *{0} stands for nothing above it", "별칭 *{0}이(가) 가리키는 값이 위에 없습니다"),
        Text("a value that an & marked before", "앞에서 &로 표시한 값"),
        Text("write the value itself", "값을 직접 쓰십시오"),
    ),
    "yaml_tag": Fault(
        Text("the tag {0} is not allowed", "태그 {0}은(는) 허용되지 않습니다"),
        Text("text, numbers, lists and sections", "텍스트, 숫자, 목록, 섹션"),
        Text("remove the tag", "태그를 지우십시오"),
    ),
    "duplicate_key": Fault(
        Text("the key {0} stands here again after line {1}", "{1}행의 키 {0}이(가) 다시 나옵니다"),
        Text("each key once in its section", "섹션마다 키 하나씩"),
        Text("remove one of the two", "둘 중 하나를 지우십시오"),
    ),
}


def yaml_error(code: str, source: str, line: int, *particulars: object) -> PolicyError:
    """The error of a fault at a line."""
    fault = FAULTS[code]
    wrong = Text(fault.wrong.en.format(*particulars), fault.wrong.ko.format(*particulars))
    return PolicyError(code, where=at_line(source, line), wrong=wrong, expected=fault.expected, fix=fault.fix)
