"""The text of `portfolio.yaml`: found, of a sane size, and in UTF-8; anything else is refused, never guessed."""

from __future__ import annotations

import re
from pathlib import Path
from unicodedata import normalize

from rebalance_kit.errors import PolicyError
from rebalance_kit.policy.problems import at_line
from rebalance_kit.words import Text, same

FILE_NAME = "portfolio.yaml"
LARGEST_FILE = 1_000_000  # bytes; a policy of a thousand assets has a fifth of it
BYTE_ORDER_MARKS = {
    b"\xff\xfe\x00\x00": "UTF-32",
    b"\x00\x00\xfe\xff": "UTF-32",
    b"\xff\xfe": "UTF-16",
    b"\xfe\xff": "UTF-16",
}
# What YAML 1.2 calls printable (section 5.1), and so may stand in a file.
UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

SAVE_AS_UTF8 = Text(
    'save the file as UTF-8 (in Notepad: Save as, Encoding "UTF-8")',
    "파일을 UTF-8로 저장하십시오(메모장: 다른 이름으로 저장, 인코딩 'UTF-8')",
)
A_POLICY = Text(f"a policy file such as {FILE_NAME}", f"{FILE_NAME} 같은 정책 파일")


def policy_file(path: Path) -> Path:
    """The policy file that a command's argument means: the file itself, or `portfolio.yaml` in the folder.

    PolicyError when there is none.
    """
    try:
        file = path / FILE_NAME if path.is_dir() else path
        if file.is_file():
            return file
        present = file.exists()
    except (OSError, ValueError) as error:
        raise _unreadable(path, error) from error
    if present:
        wrong = Text("this is not a file", "파일이 아닙니다")
    elif file != path:
        wrong = Text(f"the folder has no {FILE_NAME}", f"폴더에 {FILE_NAME} 파일이 없습니다")
    else:
        wrong = Text("there is no such file or folder", "그런 파일이나 폴더가 없습니다")
    raise PolicyError("file_missing", where=str(path), wrong=wrong, expected=A_POLICY, fix=_what_to_name(path))


def _what_to_name(path: Path) -> Text:
    """What to write instead; a folder with one YAML file of another name gets its name."""
    try:
        others = (
            sorted(file.name for file in path.iterdir() if file.suffix in (".yaml", ".yml")) if path.is_dir() else []
        )
    except OSError:
        others = []
    if len(others) == 1 and others[0] != FILE_NAME:
        return Text(f"rename {others[0]} to {FILE_NAME}", f"{others[0]} 파일의 이름을 {FILE_NAME}(으)로 바꾸십시오")
    return Text(f"give a folder that holds {FILE_NAME}", f"{FILE_NAME} 파일이 있는 폴더를 지정하십시오")


def read_text(file: Path) -> str:
    """The text of a policy file, without a byte order mark and with composed Korean letters (NFC).

    PolicyError for a file that cannot be read, is too large, is not UTF-8 or holds control characters.
    """
    try:
        with file.open("rb") as stream:
            data = stream.read(LARGEST_FILE + 1)
    except (OSError, ValueError) as error:
        raise _unreadable(file, error) from error
    return decode(data, str(file))


def decode(data: bytes, source: str) -> str:
    """The text of the bytes of a policy file; see `read_text`."""
    if len(data) > LARGEST_FILE:
        raise PolicyError(
            "file_too_large",
            where=source,
            wrong=Text("the file is larger than 1 MB", "파일이 1 MB보다 큽니다"),
            expected=A_POLICY,
            fix=Text("check that this is the right file", "올바른 파일인지 확인하십시오"),
        )
    for mark, encoding in BYTE_ORDER_MARKS.items():
        if data.startswith(mark):
            raise _not_utf8(same(source), Text(f"the file is {encoding}", f"파일이 {encoding}입니다"))
    if b"\0" in data:
        position = data.index(b"\0")
        wrong = Text(f"byte {position + 1} of the file is zero", f"파일의 {position + 1}번째 바이트가 0입니다")
        raise _not_utf8(at_line(source, data.count(b"\n", 0, position) + 1), wrong)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _foreign(data, error.start, source) from error
    _refuse_unprintable(text, source)
    return normalize("NFC", text)


def _foreign(data: bytes, position: int, source: str) -> PolicyError:
    """Why bytes are not UTF-8: mostly a Korean Windows file, which could be read but should not be guessed."""
    wrong = Text(
        f"byte {position + 1} of the file is not UTF-8", f"파일의 {position + 1}번째 바이트가 UTF-8이 아닙니다"
    )
    try:
        data.decode("cp949")
        wrong = Text(f"{wrong.en} (it looks like CP949)", f"{wrong.ko}(CP949로 보입니다)")
    except UnicodeDecodeError:
        pass
    return _not_utf8(at_line(source, data.count(b"\n", 0, position) + 1), wrong)


def _not_utf8(where: Text, wrong: Text) -> PolicyError:
    expected = Text("text in UTF-8", "UTF-8 텍스트")
    return PolicyError("not_utf8", where=where, wrong=wrong, expected=expected, fix=SAVE_AS_UTF8)


def _refuse_unprintable(text: str, source: str) -> None:
    found = UNPRINTABLE.search(text)
    if found is None:
        return
    name = f"U+{ord(found.group()):04X}"
    raise PolicyError(
        "control_character",
        where=at_line(source, text.count("\n", 0, found.start()) + 1),
        wrong=Text(f"the line holds the control character {name}", f"제어 문자 {name}이(가) 있습니다"),
        expected=Text("printable characters only", "인쇄할 수 있는 문자"),
        fix=Text("retype the line", "이 줄을 다시 입력하십시오"),
    )


def _unreadable(path: Path, error: Exception) -> PolicyError:
    reason = getattr(error, "strerror", None) or str(error)
    return PolicyError(
        "file_unreadable",
        where=repr(str(path)) if "\0" in str(path) else str(path),
        wrong=Text(f"the file cannot be read ({reason})", f"파일을 읽을 수 없습니다({reason})"),
        expected=A_POLICY,
        fix=Text("check its name and permissions", "이름과 권한을 확인하십시오"),
    )
