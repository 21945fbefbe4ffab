"""A file of secrets that the user names: `NAME=value` lines, readable by its owner alone.

    # comments and blank lines
    KIS_APP_KEY=...
    KIS_APP_SECRET="..."

Strict on purpose: no expansion, no continuation, no second definition of a name. Nothing of a value is ever quoted in
a message.
"""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path

from rebalance_kit.errors import UsageError
from rebalance_kit.words import Text, same

LARGEST = 65_536
_LINE = re.compile(r"(?:export )?(?P<name>[A-Za-z_][A-Za-z0-9_]*)=(?P<value>.*)")
_EXPECTED = Text("lines of the form NAME=value", "NAME=값 꼴의 줄")


def read_dotenv(path: Path) -> dict[str, str]:
    """The names and values of a private file. UsageError when it is missing, readable by others, inside a git tree,
    or not of that form."""
    _refuse_unsafe(path)
    found: dict[str, str] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8-sig", errors="strict").splitlines(), start=1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        match = _LINE.fullmatch(text)
        where = f"{path}:{number}"
        if match is None:
            raise _bad(where, Text("the line is not NAME=value", "NAME=값 꼴의 줄이 아닙니다"), _EXPECTED)
        name = match["name"]
        if name in found:
            raise _bad(where, Text(f"{name} is defined twice", f"{name}이(가) 두 번 나옵니다"), _EXPECTED)
        found[name] = _unquoted(match["value"], where)
    return found


def _unquoted(value: str, where: str) -> str:
    text = value.strip()
    if text[:1] not in ("'", '"'):
        return text
    if len(text) < 2 or text[-1] != text[0] or text[0] in text[1:-1]:
        raise _bad(where, Text("a quote is not closed", "따옴표가 닫히지 않았습니다"), _EXPECTED)
    return text[1:-1]


def _refuse_unsafe(path: Path) -> None:
    if not path.is_file():
        raise _bad(
            str(path), Text("there is no such file", "파일이 없습니다"), Text("a file of secrets", "비밀 값이 든 파일")
        )
    about = path.stat()
    private = Text("a file that only its owner may read (chmod 600)", "소유자만 읽을 수 있는 파일(chmod 600)")
    if os.name != "nt" and (stat.S_IMODE(about.st_mode) & 0o077 or about.st_uid != os.getuid()):
        mode = f"{stat.S_IMODE(about.st_mode):03o}"
        raise _bad(
            str(path), Text(f"others may read it (mode {mode})", f"다른 사용자가 읽을 수 있습니다({mode})"), private
        )
    if any((parent / ".git").exists() for parent in path.resolve().parents):
        raise _bad(
            str(path),
            Text("it is inside a git tree", "git 저장소 안에 있습니다"),
            Text("a file outside every repository", "저장소 밖에 있는 파일"),
        )
    if about.st_size > LARGEST:
        raise _bad(str(path), Text("it is too large", "파일이 너무 큽니다"), _EXPECTED)


def _bad(where: str, wrong: Text, expected: Text) -> UsageError:
    fix = Text("correct the file", "파일을 고쳐 주세요")
    return UsageError("bad_secrets_file", where=same(where), wrong=wrong, expected=expected, fix=fix)
