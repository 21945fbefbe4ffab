"""What the service's codes mean.

An order that was answered with an error is in one of three states, and only this table says which: `REFUSED` (a
business rule refused it, certainly), `NOT_SENT` (the gateway did not let it through), or, for every code that is not
here, unknown. Source: KIS Developers' code list, and the public threads that quote replies.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from rebalance_kit.words import Text


class Kind(StrEnum):
    """What to do about a code."""

    REFUSED = "refused"  # a business rule: certain
    CLOSED = "closed"  # the exchange is not open: certain
    NONE_LEFT = "none_left"  # nothing left to cancel: read the order back
    TOKEN = "token"  # noqa: S105  # sign in again, once; an order did not pass the gateway
    RATE = "rate"  # wait; an order did not pass the gateway
    TRY_AGAIN = "try_again"  # a question may be repeated; an order's fate is not known
    UNSUPPORTED = "unsupported"  # this account does not have the call
    STOP = "stop"  # the settings are wrong: nothing will work


@dataclass(frozen=True, slots=True)
class Code:
    kind: Kind
    says: Text


def _code(kind: Kind, en: str, ko: str) -> Code:
    return Code(kind, Text(en, ko))


_CASH = ("there is not enough cash", "주문가능금액이 모자랍니다")
_TICK = ("the price is not on the tick", "호가단위에 맞지 않는 가격입니다")
_CLOSED_DAY = ("the exchange is closed today", "오늘은 휴장일입니다")
_CLOSED_NOW = ("the exchange is closed now", "장 운영 시간이 아닙니다")
_NONE_LEFT = ("nothing is left to revise or cancel", "정정·취소할 수량이 없습니다")
_ACCOUNT = ("the account does not belong to this key", "이 앱키로 쓸 수 없는 계좌입니다")
_UNKNOWN_CALL = ("the service does not know this call", "서비스에 없는 호출입니다")
_LATE = ("the service did not answer in time", "서비스가 제때 응답하지 않았습니다")

CODES: Mapping[str, Code] = {
    # the gateway
    "EGW00002": _code(Kind.TRY_AGAIN, "the service failed", "서비스 오류"),
    "EGW00103": _code(Kind.STOP, "the app key is not valid", "앱키가 올바르지 않습니다"),
    "EGW00105": _code(Kind.STOP, "the app secret is not valid", "앱시크릿이 올바르지 않습니다"),
    "EGW00121": _code(Kind.TOKEN, "the access token is not valid", "접근토큰이 올바르지 않습니다"),
    "EGW00122": _code(Kind.TOKEN, "the access token is missing", "접근토큰이 없습니다"),
    "EGW00123": _code(Kind.TOKEN, "the access token has expired", "접근토큰이 만료되었습니다"),
    "EGW00131": _code(Kind.STOP, "the hash key is not valid", "해시키가 올바르지 않습니다"),
    "EGW00132": _code(Kind.STOP, "the content type is not valid", "콘텐츠 형식이 올바르지 않습니다"),
    "EGW00201": _code(Kind.RATE, "too many calls a second", "초당 호출 수를 넘었습니다"),
    "EGW00202": _code(Kind.TRY_AGAIN, "the service could not route the call", "라우팅 오류"),
    "EGW00205": _code(Kind.STOP, "the authorization is malformed", "인증 형식이 올바르지 않습니다"),
    "EGW00206": _code(Kind.STOP, "this key may not use the call", "이 앱키로 쓸 수 없는 호출입니다"),
    "EGW00213": _code(Kind.UNSUPPORTED, "a mock account does not have this call", "모의투자에 없는 호출입니다"),
    "EGW00215": _code(Kind.RATE, "too many calls a second for the ledger", "원장 초당 호출 수를 넘었습니다"),
    "EGW00300": _code(Kind.TRY_AGAIN, "the service could not reach its back end", "후방 시스템 오류"),
    "EGW00301": _code(Kind.TRY_AGAIN, *_LATE),
    "EGW00302": _code(Kind.TRY_AGAIN, *_LATE),
    "EGW00304": _code(Kind.TRY_AGAIN, "the service lost its back end", "후방 시스템 연결 오류"),
    "EGW02004": _code(
        Kind.STOP, "a mock key was used at the real service", "모의투자 앱키로 실전 서비스를 호출했습니다"
    ),
    "90020000": _code(Kind.TRY_AGAIN, "the mock service is delayed", "모의투자 서비스가 지연되고 있습니다"),
    "OPSQ0002": _code(Kind.UNSUPPORTED, *_UNKNOWN_CALL),
    "OPSQ0003": _code(Kind.UNSUPPORTED, *_UNKNOWN_CALL),
    "MCA00124": _code(Kind.UNSUPPORTED, *_UNKNOWN_CALL),
    "90000000": _code(Kind.UNSUPPORTED, "a mock account does not have this call", "모의투자에 없는 호출입니다"),
    "IGW00009": _code(Kind.UNSUPPORTED, "the call is not allowed here", "허용되지 않는 호출입니다"),
    "OPSQ2000": _code(Kind.STOP, *_ACCOUNT),
    "APAC0081": _code(Kind.STOP, *_ACCOUNT),
    "40910000": _code(Kind.STOP, "the mock account has ended", "모의투자 계좌가 끝났습니다"),
    # business
    "APBK0952": _code(Kind.REFUSED, *_CASH),
    "40250000": _code(Kind.REFUSED, *_CASH),
    "APBK0400": _code(Kind.REFUSED, "more than may be ordered", "주문 가능한 수량을 넘었습니다"),
    "APBK0406": _code(Kind.REFUSED, "the price is beyond the daily limit", "상·하한가를 벗어난 가격입니다"),
    "APBK0506": _code(Kind.REFUSED, *_TICK),
    "40030000": _code(Kind.REFUSED, *_TICK),
    "APBK0656": _code(Kind.REFUSED, "the service does not know this code", "없는 종목입니다"),
    "APBK0066": _code(Kind.REFUSED, "trading in it is halted", "거래가 정지된 종목입니다"),
    "APBK1943": _code(Kind.REFUSED, "no market order is possible", "시장가 주문을 낼 수 없습니다"),
    "APBK3013": _code(Kind.REFUSED, "only limit orders are possible", "지정가 주문만 낼 수 있습니다"),
    "APBK0919": _code(Kind.CLOSED, *_CLOSED_DAY),
    "40100000": _code(Kind.CLOSED, *_CLOSED_DAY),
    "40910001": _code(Kind.CLOSED, *_CLOSED_DAY),
    "APBK0918": _code(Kind.CLOSED, *_CLOSED_NOW),
    "APBK1664": _code(Kind.CLOSED, "the exchange abroad is closed now", "해외 장 운영 시간이 아닙니다"),
    "40570000": _code(Kind.CLOSED, "the exchange has not opened yet", "장이 아직 열리지 않았습니다"),
    "40580000": _code(Kind.CLOSED, "the exchange has closed", "장이 끝났습니다"),
    "APBK0344": _code(Kind.NONE_LEFT, "the order is not there any more", "원주문이 없습니다"),
    "APBK0927": _code(Kind.NONE_LEFT, *_NONE_LEFT),
    "40330000": _code(Kind.NONE_LEFT, *_NONE_LEFT),
}  # fmt: skip

# The refusals that an order is certainly not at the broker after.
CERTAIN = frozenset({Kind.REFUSED, Kind.CLOSED, Kind.NONE_LEFT, Kind.UNSUPPORTED, Kind.STOP})
# The gateway refused before the ledger saw the order: it may be sent again.
HELD_BACK = frozenset({Kind.TOKEN, Kind.RATE})

# Everything else that comes with a status of failure says nothing about an order.
SURE_AT_THE_GATEWAY = frozenset({"EGW00213"})

_NOTHING_LEFT = "수량이 없습니다"  # one code says two things, and its text tells which
_MOVED = "조회이후에 자료가 변경"


def meaning(code: str, text: str) -> Code | None:
    """What a code with its text means; None for one that nobody has documented."""
    if code == "APBK0918" and _NOTHING_LEFT in text:
        return _code(Kind.NONE_LEFT, *_NONE_LEFT)
    return CODES.get(code)


def data_moved(text: str) -> bool:
    """Whether the service says that its list changed between two pages: the reading begins again."""
    return _MOVED in text
