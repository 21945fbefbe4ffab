"""Who calls KIS: a profile's key, secret, account and environment.

For the profile `default` the names are KIS_APP_KEY, KIS_APP_SECRET, KIS_ACCOUNT (8-2 digits), KIS_ENV (mock or real)
and KIS_BASE_URL (a local double of the service); for a profile `isa` they are KIS_ISA_APP_KEY and so on. Each is looked
for in the environment, then in the private file that KIS_ENV_FILE names, then (secrets only) in the keyring of the
operating system under the service `rebalance-kit`.

The real environment needs the word twice: KIS_ENV says real, and whoever opens the broker says real.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from rebalance_kit.brokers.base import Mode
from rebalance_kit.brokers.kis.dotenv import read_dotenv
from rebalance_kit.brokers.kis.secrets import AccountNumber, Secret
from rebalance_kit.errors import UsageError
from rebalance_kit.words import Text, same

HOSTS: Mapping[Mode, str] = {
    Mode.REAL: "https://openapi.koreainvestment.com:9443",
    Mode.MOCK: "https://openapivts.koreainvestment.com:29443",
}
LOOPBACK = ("127.0.0.1", "localhost", "::1")
KEYRING_SERVICE = "rebalance-kit"
DEFAULT_PROFILE = "default"

Lookup = Callable[[str], str | None]


@dataclass(frozen=True, slots=True)
class Settings:
    """One profile. `base_url` is None for the service itself, else a local double on this computer."""

    profile: str
    mode: Mode
    app_key: Secret
    app_secret: Secret
    account: AccountNumber
    base_url: str | None = None

    @property
    def url(self) -> str:
        """Where calls go."""
        return self.base_url or HOSTS[self.mode]

    @property
    def rehearsing(self) -> bool:
        """Whether calls stay on this computer."""
        return self.base_url is not None


def read_settings(
    environment: Mapping[str, str],
    mode: Mode | None = None,
    *,
    profile: str | None = None,
    keyring: Lookup | None = None,
) -> Settings:
    """The settings of a profile. `mode` is what the caller means; KIS_ENV must agree where it says anything, and must
    say it for `real`. `keyring` looks a name up (None: the operating system's, if `keyring` is installed).

    UsageError naming the variable that is missing or wrong; the value of a secret is never shown.
    """
    chosen = profile or environment.get("KIS_PROFILE") or DEFAULT_PROFILE
    stem = _stem(chosen)
    named = environment.get("KIS_ENV_FILE")
    private = read_dotenv(Path(named).expanduser()) if named else {}
    kept = keyring or _system_keyring

    def plain(name: str) -> str | None:
        return environment.get(stem + name) or private.get(stem + name) or None

    def secret(name: str) -> Secret:
        found = plain(name) or kept(stem + name)
        if not found:
            raise _missing(stem + name)
        if not found.isascii() or not found.isprintable() or " " in found:
            raise _bad(stem + name, None, Text("the text that KIS issued", "KIS가 발급한 문자열"))
        return Secret(found)

    return Settings(
        profile=chosen,
        mode=_mode(stem, plain("ENV"), mode),
        app_key=secret("APP_KEY"),
        app_secret=secret("APP_SECRET"),
        account=_account(stem, plain("ACCOUNT") or kept(stem + "ACCOUNT")),
        base_url=_base_url(stem, plain("BASE_URL")),
    )


def _stem(profile: str) -> str:
    if profile == DEFAULT_PROFILE:
        return "KIS_"
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", profile):
        raise _bad("KIS_PROFILE", profile, Text("a name of letters and digits", "영문과 숫자로 된 이름"))
    return f"KIS_{profile.upper()}_"


def _mode(stem: str, stated: str | None, wanted: Mode | None) -> Mode:
    known = {"mock": Mode.MOCK, "real": Mode.REAL}
    expected = Text("mock or real", "mock 또는 real")
    if stated is not None and stated not in known:
        raise _bad(f"{stem}ENV", stated, expected)
    mode = known[stated] if stated else None
    if wanted is None and mode is not None:
        wanted = Mode.MOCK if mode is Mode.MOCK else None
    if wanted is None or (wanted is Mode.REAL and mode is not Mode.REAL):
        raise UsageError(
            "environment_not_chosen",
            where=same(f"{stem}ENV"),
            wrong=Text("the environment is not chosen for certain", "환경이 확실하게 정해지지 않았습니다"),
            expected=Text(f"--env mock, or --env real together with {stem}ENV=real",
                          f"--env mock, 또는 {stem}ENV=real과 함께 --env real"),
            fix=Text("say which one is meant", "어느 쪽인지 밝혀 주세요"),
        )  # fmt: skip
    if mode is not None and mode is not wanted:
        raise _bad(f"{stem}ENV", stated, Text(f"{wanted.value}, as it was asked for", f"요청한 {wanted.value}"))
    return wanted


def _account(stem: str, text: str | None) -> AccountNumber:
    if not text:
        raise _missing(f"{stem}ACCOUNT")
    match = re.fullmatch(r"([0-9]{8})-?([0-9]{2})", text.strip())
    if match is None:
        raise _bad(f"{stem}ACCOUNT", None, Text("8 digits, a hyphen and 2 digits", "숫자 8자리-2자리"))
    return AccountNumber(match[1], match[2])


def _base_url(stem: str, text: str | None) -> str | None:
    if not text:
        return None
    parts = urlsplit(text)
    try:
        port = parts.port
    except ValueError:
        port = None
    ours = parts.scheme in ("http", "https") and parts.hostname in LOOPBACK and port is not None
    if not ours or parts.username or parts.query or parts.fragment or parts.path.strip("/"):
        expected = Text("http://127.0.0.1:PORT, a double on this computer", "이 컴퓨터의 http://127.0.0.1:PORT")
        raise _bad(f"{stem}BASE_URL", text.split("@")[-1][:80], expected)
    return text.rstrip("/")


def _system_keyring(name: str) -> str | None:
    """What the operating system keeps under a name; None without the library, without a keyring, or without it."""
    try:
        import keyring
        from keyring.errors import KeyringError
    except ImportError:
        return None
    try:
        found = keyring.get_password(KEYRING_SERVICE, name)
    except KeyringError:
        return None
    return str(found) if found else None


def _missing(name: str) -> UsageError:
    return UsageError(
        "secret_missing",
        where=same(name),
        wrong=Text("it is not set", "값이 없습니다"),
        expected=Text("a value in the environment, in the file that KIS_ENV_FILE names, or in the OS keyring",
                      "환경 변수, KIS_ENV_FILE이 가리키는 파일, 또는 운영체제 키링의 값"),
        fix=Text("set it", "설정해 주세요"),
    )  # fmt: skip


def _bad(name: str, value: str | None, expected: Text) -> UsageError:
    shown = "" if value is None else f" ({value!r})"
    return UsageError(
        "bad_setting",
        where=same(name),
        wrong=Text(f"it cannot be used{shown}", f"쓸 수 없는 값입니다{shown}"),
        expected=expected,
        fix=Text("correct it", "고쳐 주세요"),
    )
