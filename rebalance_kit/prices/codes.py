"""Asset codes as files write them: text, never numbers, and never repaired in silence.

A code of the policy is always accepted. Any other must look like a code of its exchange: KRX `^[0-9A-Z]{6,7}$`,
elsewhere 1-12 characters of `A-Z 0-9 . / -`. Case is not folded: a lower-case code is a sign that something else was
typed. What a spreadsheet did to a code (`69500` for `069500`) is refused with the likely code.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from rebalance_kit.money import MINOR_DIGITS
from rebalance_kit.policy.model import Asset, Policy
from rebalance_kit.textfile.cells import CellError, literal, quoted
from rebalance_kit.words import Text

_KRX = re.compile(r"[0-9A-Z]{6,7}")
_ELSEWHERE = re.compile(r"[A-Z0-9./-]{1,12}")
_STRIPPED = re.compile(r"([0-9]{1,6})(?:\.0+)?")  # 69500 or 69500.0, as a spreadsheet leaves 069500
_KRX_SHORT = re.compile(r"A[0-9][0-9A-Z]{5}")  # KRX's own short code puts an A before the six characters of a share
_SHARE_CLASS = re.compile(r"([A-Z]{1,5})[./ ]([A-Z])")  # BRK.B, BRK/B, BRK B; BRK-B can also be a preferred series
_CURRENCY_WORDS = {"원": "KRW", "원화": "KRW", "₩": "KRW", "대한민국원": "KRW", "달러": "USD", "미국달러": "USD",
                   "미달러": "USD", "미화": "USD", "$": "USD", "US$": "USD", "엔": "JPY", "엔화": "JPY",
                   "일본엔": "JPY", "유로": "EUR", "유로화": "EUR", "홍콩달러": "HKD", "위안": "CNY", "위안화": "CNY",
                   "중국위안": "CNY", "영국파운드": "GBP", "파운드": "GBP"}  # fmt: skip
_PAIR = re.compile(r"([A-Z]{3})/([A-Z]{3})")


@dataclass(frozen=True, slots=True)
class Codes:
    """Reads code cells against one policy, or without one against the `home` currency of a file."""

    policy: Policy | None
    known: Mapping[str, Asset]
    home: str

    @classmethod
    def of(cls, policy: Policy | None, home: str = "USD") -> Codes:
        """The reader for a policy. Without one nothing is known, and what states no currency is in `home`."""
        if policy is None:
            return cls(None, {}, home)
        return cls(policy, {asset.code: asset for asset in policy.assets}, policy.base_currency)

    def read(self, cell: str, currency: str | None = None) -> str:
        """The code in a cell. `currency`, where the row states one, tells a KRX code from a foreign one.

        CellError when the cell is empty, is no code, or is what a spreadsheet left of one.
        """
        text = literal(cell)
        if text in self.known:
            return text
        if _KRX_SHORT.fullmatch(text) and (text[1:] in self.known or self._on_krx(currency)):
            return text[1:]
        if otherwise := self._spelled_otherwise(text):
            return otherwise
        self._refuse_stripped(cell, text, currency)
        if (_KRX if self._on_krx(currency) else _ELSEWHERE).fullmatch(text):
            return text
        raise self._not_a_code(cell, text, currency)

    def currency(self, code: str, stated: str | None) -> str:
        """The currency of a code: the policy's for its assets, else the stated one, else the base currency.

        CellError when the stated currency is not the policy's.
        """
        asset = self.known.get(code)
        if asset is None or self.policy is None:
            return stated or self.home
        wanted = self.policy.currency_of(asset)
        if stated not in (None, wanted):
            raise CellError(
                "currency_mismatch",
                wrong=Text(f"{code} is in {stated}", f"{code}의 통화가 {stated}입니다"),
                expected=Text(f"{wanted}, the policy's currency for it", f"정책이 정한 통화 {wanted}"),
                fix=Text("correct the file or the asset's currency in portfolio.yaml",
                         "파일이나 portfolio.yaml의 통화를 고쳐 주세요"),
            )  # fmt: skip
        return wanted

    def is_krx(self, code: str, currency: str) -> bool:
        """Whether a code trades on KRX, where only whole shares exist."""
        asset = self.known.get(code)
        if asset is None or self.policy is None:
            return self._on_krx(currency)
        return self.policy.exchange_of(asset) == "XKRX"

    def _spelled_otherwise(self, text: str) -> str | None:
        """The policy's spelling of a US share class, when exactly one of its assets is that class."""
        shares = share_class(text)
        if shares is None:
            return None
        same = [code for code in self.known if share_class(code) == shares and not self.is_krx(code, "USD")]
        return same[0] if len(same) == 1 else None

    def _on_krx(self, currency: str | None) -> bool:
        if currency:
            return currency == "KRW"
        return self.policy.exchange == "XKRX" if self.policy else self.home == "KRW"

    def _refuse_stripped(self, cell: str, text: str, currency: str | None) -> None:
        found = _STRIPPED.fullmatch(text)
        if not found or (text == found[1] and len(text) == 6):
            return
        likely = found[1].zfill(6)
        if likely not in self.known and not self._on_krx(currency):
            return
        named = self.known.get(likely)
        name = f" ({named.name})" if named and named.name != likely else ""
        raise CellError(
            "stripped_code",
            wrong=Text(f"{quoted(cell)} is a number, as a spreadsheet writes a code without its zeros",
                       f"{quoted(cell)}은(는) 엑셀이 앞의 0을 지운 숫자로 보입니다"),
            expected=Text(f"a code as text, probably {likely}{name}", f"글자로 된 종목코드, 아마도 {likely}{name}"),
            fix=Text(f"write {likely} and keep the column as text", f"열을 텍스트로 두고 {likely}(으)로 적어 주세요"),
        )  # fmt: skip

    def _not_a_code(self, cell: str, text: str, currency: str | None) -> CellError:
        krx = self._on_krx(currency)
        wrong = Text(f"{quoted(cell)} is not a code", f"{quoted(cell)}은(는) 종목코드가 아닙니다")
        if not text:
            wrong = Text("the code is missing", "종목코드가 없습니다")
        fix = Text("write the exchange's code as text", "거래소의 종목코드를 텍스트로 적어 주세요")
        if text.upper() in self.known or (text != text.upper() and _ELSEWHERE.fullmatch(text.upper())):
            fix = Text(f"write {text.upper()}", f"{text.upper()}(으)로 적어 주세요")
        elif not krx and (shares := share_class(text)):
            fix = Text(
                f"write {shares}, if that class of shares is meant", f"그 종류의 주식이라면 {shares}(으)로 적어 주세요"
            )
        elif krx and _ELSEWHERE.fullmatch(text):
            fix = Text(
                "name its currency in a currency column if it trades abroad",
                "해외 종목이면 통화 열에 통화를 적어 주세요",
            )
        return CellError(
            "not_a_code",
            wrong=wrong,
            expected=Text(
                "six or seven digits and capital letters (KRX)", "숫자와 영문 대문자 여섯 또는 일곱 자리(KRX)"
            )
            if krx
            else Text("1-12 of A-Z 0-9 . / -", "A-Z 0-9 . / - 가운데 1~12자"),
            fix=fix,
        )


def share_class(code: str) -> str | None:
    """One spelling for every way in which a class of US shares is written, None for what is no such class.

    BRK.B, BRK/B and BRK B are one; BRKB and BRK-B are not taken for it.
    """
    found = _SHARE_CLASS.fullmatch(code)
    return f"{found[1]}.{found[2]}" if found else None


def read_currency(cell: str) -> str | None:
    """The currency code of a cell, None when it is empty. CellError for one that is not known."""
    text = literal(cell).upper()
    text = _CURRENCY_WORDS.get(text, text)
    if not text or text in MINOR_DIGITS:
        return text or None
    raise CellError(
        "unknown_currency",
        wrong=Text(f"{quoted(cell)} is not a known currency", f"{quoted(cell)}은(는) 알 수 없는 통화입니다"),
        expected=Text(f"one of {', '.join(MINOR_DIGITS)}", f"{', '.join(MINOR_DIGITS)} 가운데 하나"),
        fix=Text("write its three-letter code", "세 글자 통화 코드로 적어 주세요"),
    )


def read_pair(code: str) -> tuple[str, str] | None:
    """(base, quote) of an exchange rate's code such as USD/KRW, None for anything else."""
    found = _PAIR.fullmatch(code)
    if found and found[1] in MINOR_DIGITS and found[2] in MINOR_DIGITS and found[1] != found[2]:
        return found[1], found[2]
    return None
