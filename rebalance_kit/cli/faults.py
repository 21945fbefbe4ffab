"""Every failure becomes one of our errors: typer's complaints, a full disk, and what nobody expected."""

from __future__ import annotations

import re
from pathlib import Path

from rebalance_kit.arguments import nearest
from rebalance_kit.errors import KitError, StorageError, UsageError
from rebalance_kit.words import Language, Text, same

_SPOKEN = re.compile(r"^\s*language\s*:\s*['\"]?(ko|en)\b", re.MULTILINE)


def usage_fault(error: Exception, words: list[str], commands: tuple[str, ...]) -> UsageError:
    """typer's complaint about the command line, in our shape. `commands` are the names to guess from."""
    context = getattr(error, "ctx", None)
    command = getattr(context, "command_path", None) or f"rebalance {words[0]}"
    see = Text(f"see `{command} --help`", f"`{command} --help`를 보세요")
    kind, message = type(error).__name__, str(getattr(error, "message", error))
    option = str(getattr(error, "option_name", ""))
    if kind == "NoSuchOption":
        return _unknown("unknown_option", option, _options(context), see)
    form = Text("what the command's help shows", "도움말에 적힌 형식")
    if kind == "BadOptionUsage":
        wrong = Text("its value is missing, or it takes none", "값이 없거나 값을 받지 않는 옵션입니다")
        return _fault("option_value", option, wrong, form, see)
    if kind == "MissingParameter":
        return _missing(command, str(getattr(getattr(error, "param", None), "metavar", None) or "an argument"), see)
    if message.startswith("Missing command"):
        return _missing(command, "COMMAND", see)
    if found := re.match(r"No such command '(.*?)'", message):
        return _unknown("unknown_command", found[1], commands, see)
    if found := re.match(r"Got unexpected extra arguments? ?(?:\(s\))?\s*\((.*)\)", message):
        if found[1].startswith("-"):
            return _unknown("unknown_option", found[1], _options(context), see)
        return _fault("extra_argument", found[1], Text("one argument too many", "남는 인자입니다"), form, see)
    return _fault("usage", command, same(message.rstrip(".")), Text("known arguments", "아는 인자"), see)


def disk_fault(error: OSError) -> StorageError:
    """A failure of the disk that no room has put into words."""
    reason = error.strerror or str(error)
    return StorageError(
        "disk",
        where=same(str(error.filename or "stdout")),
        wrong=Text(f"the disk answered: {reason}", f"디스크 오류: {reason}"),
        expected=Text("a file that can be read and written", "읽고 쓸 수 있는 파일"),
        fix=Text("check the path, its permissions and the free space", "경로와 권한, 남은 공간을 확인해 주세요"),
    )


def unexpected_fault(error: Exception) -> KitError:
    """What nobody expected: a fault of the program."""
    name = f"{type(error).__name__}: {error}".replace("\n", " ").strip(": ")[:200]
    return KitError(
        "unexpected",
        where=same("rebalance"),
        wrong=Text(f"an unexpected failure ({name})", f"예상하지 못한 오류 ({name})"),
        expected=Text("none", "오류 없음"),
        fix=Text(
            "run it again with --debug and report what it prints", "--debug를 붙여 다시 실행하고 출력을 알려 주세요"
        ),
    )


def spoken_language(argv: list[str], environment: str) -> Language:
    """The language for a message when no portfolio could be opened: --language, else what the policy's text says,
    else the environment's LANG."""
    for i, word in enumerate(argv):
        value = word.partition("=")[2] or (argv[i + 1] if i + 1 < len(argv) else "")
        if word.partition("=")[0] == "--language" and value in ("ko", "en"):
            return "ko" if value == "ko" else "en"
    for word in argv:
        if found := _SPOKEN.search(_policy_text(word)):
            return "ko" if found[1] == "ko" else "en"
    return "ko" if environment.startswith("ko") else "en"


def _policy_text(word: str) -> str:
    try:
        path = Path(word)
        path = path / "portfolio.yaml" if path.is_dir() else path
        if path.suffix not in (".yaml", ".yml") or not path.is_file():
            return ""
        with path.open("rb") as file:
            return file.read(65536).decode("utf-8", errors="replace")
    except (OSError, ValueError):
        return ""


def _missing(command: str, name: str, see: Text) -> UsageError:
    wrong = Text(f"{name} is missing", f"{name} 인자가 없습니다")
    return _fault("argument_missing", command, wrong, same(f"{command} {name}"), see)


def _unknown(code: str, word: str, known: tuple[str, ...], see: Text) -> UsageError:
    near = nearest(word, known)
    expected = same(near) if near else Text("a known name", "아는 이름")
    return _fault(code, word, Text("this name is not known", "모르는 이름입니다"), expected, see)


def _options(context: object) -> tuple[str, ...]:
    parameters = getattr(getattr(context, "command", None), "params", [])
    return tuple(option for parameter in parameters for option in parameter.opts if option.startswith("--"))


def _fault(code: str, where: str, wrong: Text, expected: Text, fix: Text) -> UsageError:
    return UsageError(code, where=same(where[:80]), wrong=wrong, expected=expected, fix=fix)
