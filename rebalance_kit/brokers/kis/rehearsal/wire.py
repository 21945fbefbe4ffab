"""What goes over the wire: a call, a reply, the envelope with its padded words, pages with their cursors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal
from typing import Any

from rebalance_kit.brokers.kis.rehearsal.ledger import Account
from rebalance_kit.brokers.kis.rehearsal.matching import Exchange, Script
from rebalance_kit.brokers.kis.rehearsal.world import Environment, Habits, World

Row = dict[str, str]

_WORDS = {
    "MCA00000": "정상처리 되었습니다.",
    "KIOK0510": "조회가 완료되었습니다",
    "KIOK0500": "조회가 계속됩니다..다음버튼을 Click 하십시오.",
    "KIOK0460": "마지막 자료입니다.",
    "KIOK0560": "조회할 내용이(자료가) 없습니다",
    "20310000": "모의투자 조회가 완료되었습니다.",
    "70070000": "모의투자 조회할 내역(자료)이 없습니다.",
}


@dataclass
class Effects:
    """What a fault does to a call that is otherwise answered as usual."""

    script: Script | None = None
    invisible: float | None = None
    rows: str | None = None  # "missing", "twice", "shuffled", "filler", "object", "again"
    changed: bool = False
    number_form: str | None = None  # "plain", "zero", "blank"
    no_cursor: bool = False
    overwrite: tuple[tuple[str, Any], ...] = ()
    padded: bool = False


@dataclass
class Call:
    """A request that the gate let through. `fields` is the query, or the body of a POST."""

    world: World
    exchange: Exchange
    environment: Environment
    account: Account
    tr_id: str
    fields: dict[str, str]
    headers: dict[str, str]
    now: datetime
    effects: Effects = field(default_factory=Effects)

    @property
    def mock(self) -> bool:
        return self.environment == "mock"

    @property
    def habits(self) -> Habits:
        return self.world.habits[self.environment]

    def get(self, name: str) -> str:
        """A field of the request, stripped; "" when it is missing."""
        return self.fields.get(name, "").strip()

    def day(self, name: str) -> date:
        """A YYYYMMDD field; today when it is not one."""
        try:
            return datetime.strptime(self.get(name) + "+0900", "%Y%m%d%z").date()
        except ValueError:
            return self.now.date()


@dataclass
class Reply:
    """An answer: its JSON body, HTTP status and paging header."""

    body: dict[str, Any]
    status: int = 200
    tr_cont: str = ""


def refuse(code: str, text: str, *, rt_cd: str = "1", status: int = 200) -> Reply:
    """A refusal in the usual envelope."""
    return Reply({"rt_cd": rt_cd, "msg_cd": code, "msg1": text}, status)


def quote_reply(**outputs: object) -> Reply:
    """A quote: its outputs and the plain success words."""
    return Reply({**outputs, "rt_cd": "0", "msg_cd": "MCA00000", "msg1": _WORDS["MCA00000"]})


def inquiry(call: Call, code: str = "", **outputs: object) -> Reply:
    """An answer of the account services; `code` is the real environment's."""
    real = code or "KIOK0510"
    said = {"KIOK0560": "70070000"}.get(real, "20310000") if call.mock else real
    words = _WORDS[said] if call.mock else _WORDS[real].ljust(80)
    return Reply({**outputs, "rt_cd": "0", "msg_cd": said, "msg1": words})


def paged(
    call: Call,
    rows: Sequence[Row],
    size: int,
    cursor: tuple[str, ...],
    *,
    output: str = "output1",
    width: int = 100,
    **others: object,
) -> Reply:
    """One page of rows. `cursor` is what the first key area repeats; the second counts the rows that went before."""
    start = _start(call, width)
    if call.effects.changed and start:
        return refuse("KIOK0000", "조회이후에 자료가 변경되었습니다.(다시 조회하세요)")
    page, more = list(rows[start : start + size]), start + size < len(rows)
    if call.effects.rows == "again" and start:
        page, start, more = list(rows[start - size : start]), start - size, True
    code = "KIOK0500" if more else "KIOK0460" if start else "KIOK0510" if rows else "KIOK0560"
    shown: object = page
    if call.effects.rows == "missing":
        shown, code = [], "KIOK0560"
    reply = inquiry(call, code, **{output: shown}, **others)
    keys = _keys(call, cursor, f"!^{start + size:06d}!^00!^" if more else "", width)
    if not (call.effects.no_cursor or (call.mock and not rows)):
        reply.body = {**keys, **reply.body}
    reply.tr_cont = _continues(call, start, more)
    return reply


def _start(call: Call, width: int) -> int:
    """Where the page begins: at the cursor if the call asks to go on, else at the first row."""
    cursor = call.get(f"CTX_AREA_NK{width}")
    if call.headers.get("tr_cont", "").strip() != "N" or not cursor:
        return 0
    digits = cursor.split("!^")[1] if "!^" in cursor else ""
    return int(digits) if digits.isdigit() else 0


def _continues(call: Call, start: int, more: bool) -> str:
    if more:
        return "M" if start else "F"
    if start:
        return "D" if call.mock else "E"
    return "" if call.mock else "D"


def _keys(call: Call, cursor: tuple[str, ...], following: str, width: int) -> Row:
    first = "!^".join((call.account.number, "^" + call.account.product, *cursor)).replace("!^^", "!^")
    if call.mock and not following:
        first = ""
    pad = 0 if call.mock else width
    return {f"ctx_area_fk{width}": first.ljust(pad), f"ctx_area_nk{width}": following.ljust(pad)}


def won(amount: Decimal | int) -> str:
    """Whole won (or shares)."""
    return str(int(Decimal(amount).quantize(Decimal(1), ROUND_FLOOR)))


def fixed(amount: Decimal | int, places: int) -> str:
    """A number with so many decimals, half up."""
    return str(Decimal(amount).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP))


def percent(part: Decimal, whole: Decimal, places: int = 2) -> str:
    """A share in percent; 0 of nothing."""
    return fixed(part * 100 / whole if whole else Decimal(0), places)


def sign(change: Decimal) -> str:
    """KIS's mark for the direction of a price: 2 up, 3 unchanged, 5 down."""
    return "2" if change > 0 else "5" if change < 0 else "3"


def ymd(day: date) -> str:
    return f"{day:%Y%m%d}"


def hms(moment: datetime) -> str:
    return f"{moment:%H%M%S}"
