"""What a Korean statement says around its table: the account, the day, the deposit, the totals of the account.

Trading programs print these as labels with a number beside or below them (예수금, 총평가금액, 추정예탁자산). The
deposit is shown in several views (예수금, D+1, D+2): they are one and the same money, and D+2, in which every executed
trade is settled, is the one that counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from itertools import zip_longest
from zoneinfo import ZoneInfo

from rebalance_kit.holdings.statements.korean_cells import number_or_none
from rebalance_kit.textfile.cells import CellError, half_width, read_date
from rebalance_kit.textfile.document import Row

_ACCOUNT = re.compile(r"계좌(?:번호|명)?\s*[:：]?\s*(?P<number>[0-9*][0-9*\-]{4,}[0-9*])")
_ACCOUNT_LABEL = re.compile(r"계좌(번호)?\s*[:：]?")
_NUMBER_ONLY = re.compile(r"[0-9*][0-9*\-]{4,}[0-9*]")
_DAY = re.compile(
    r"20[0-9]{2}(?:[-./]\s?[0-9]{1,2}[-./]\s?[0-9]{1,2}|년\s?[0-9]{1,2}월\s?[0-9]{1,2}일|[0-9]{4})(?![0-9])"
)
_TIME = re.compile(r"(?<![0-9])([0-2]?[0-9]):([0-5][0-9])(?::[0-5][0-9])?(?![0-9])")
_ABOUT_A_DAY = re.compile(r"일자|기준일|조회|출력|작성|일시|현재|평가일|as of", re.IGNORECASE)
_SEOUL = ZoneInfo("Asia/Seoul")

_SECURITIES = frozenset({"총평가금액", "총평가", "평가금액합계", "주식평가금액", "유가증권평가금액", "유가평가금액",
                         "유가잔고평가금액", "주식평가액", "유가증권평가금", "잔고평가금액", "총평가액", "평가금액",
                         "주식총평가금액"})  # fmt: skip
_EVERYTHING = frozenset({"추정예탁자산", "추정자산", "총자산", "예탁자산", "순자산", "순자산액", "총자산평가금액",
                         "예탁자산평가액", "총자산금액", "추정순자산", "계좌평가금액", "총잔고평가금액", "순자산금액",
                         "자산총액", "예탁자산총액"})  # fmt: skip
_OTHER_LABELS = frozenset({"총매입금액", "총매입", "총손익", "총평가손익", "총수익률", "매입금액합계", "평가손익합계",
                           "실현손익", "주문가능금액", "출금가능금액", "인출가능금액", "대출금액", "미수금",
                           "누적손익", "총투자원금", "총매수금액", "투자원금합계", "총평가손익금액",
                           "수익률"})  # fmt: skip
# The views of one deposit, the best first; what may be ordered or withdrawn is none.
_DEPOSITS = (
    re.compile(r"(추정)?d\+?2(일)?(추정)?(예수금|정산금|예수금액)|예수금\(?d\+?2\)?|추정예수금\(?(d\+?2)?\)?|d\+?2|익익일예수금"),
    re.compile(r"(추정)?d\+?1(일)?(추정)?(예수금|정산금|예수금액)|예수금\(?d\+?1\)?|익일(예수금|정산금)|d\+?1"),
    re.compile(r"(원화)?(예수금|현금|예수금총액|예수금액|현금잔고|예탁금|예수금잔고|예수금합계)"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Said:
    """A number under a label, and the line it stands in."""

    label: str
    amount: Decimal
    line: int


@dataclass(slots=True)
class Facts:
    """What the rows around a table say."""

    account: str | None = None
    account_name: str | None = None
    as_of: date | None = None
    taken_at: datetime | None = None
    deposits: list[Said] = field(default_factory=list)
    securities: list[Said] = field(default_factory=list)
    everything: list[Said] = field(default_factory=list)


def facts_of(rows: Sequence[Row]) -> Facts:
    """The facts in some rows, in the order of the file."""
    facts = Facts()
    for row in rows:
        _read_account(facts, row)
        _read_day(facts, row)
    for said in _labelled(rows):
        label = plain_label(said.label)
        if deposit_view(label) is not None:
            facts.deposits.append(said)
        elif label in _SECURITIES:
            facts.securities.append(said)
        elif label in _EVERYTHING:
            facts.everything.append(said)
    return facts


def plain_label(text: str) -> str:
    """A label as labels are compared: one case, without blanks, colons and a unit."""
    bare = re.sub(r"[\s:：*※▶●■\[\]]", "", half_width(text).casefold())
    return re.sub(r"\((원|krw|단위.*)\)$", "", bare)


@lru_cache(maxsize=4096)
def is_label(text: str) -> bool:
    """Whether a text labels a total of the account: such a row is no holding."""
    label = plain_label(text)
    return label in _SECURITIES or label in _EVERYTHING or label in _OTHER_LABELS


def deposit_view(label: str) -> int | None:
    """Which view of the deposit a plain label is (0 is the best), None when it is none."""
    return next((rank for rank, pattern in enumerate(_DEPOSITS) if pattern.fullmatch(label)), None)


def best_deposit(said: Iterable[Said]) -> Said | None:
    """The view of the deposit that counts: D+2 before D+1 before today's."""
    ranked = [(deposit_view(plain_label(each.label)), i, each) for i, each in enumerate(said)]
    known = [(rank, i, each) for rank, i, each in ranked if rank is not None]
    return min(known, key=lambda entry: entry[:2])[2] if known else None


def _read_account(facts: Facts, row: Row) -> None:
    if facts.account is not None:
        return
    for i, cell in enumerate(row.cells):
        found = _ACCOUNT.search(cell)
        if found:
            facts.account = found["number"]
        elif _ACCOUNT_LABEL.fullmatch(cell.strip()):
            number = next((other for other in row.cells[i + 1 :] if _NUMBER_ONLY.fullmatch(other)), None)
            facts.account = number
        if facts.account:
            facts.account_name = " ".join(row.cells).strip()
            return


def _read_day(facts: Facts, row: Row) -> None:
    """The last day that a row about a day prints: of a period it is the end."""
    text = " ".join(row.cells)
    found = [match[0] for match in _DAY.finditer(text)]
    if not found or (facts.as_of is not None and not _ABOUT_A_DAY.search(text)):
        return
    if not _ABOUT_A_DAY.search(text) and len(text) > 30:  # a number in a disclaimer
        return
    try:
        facts.as_of = read_date(found[-1])
    except CellError:
        return
    clock = _TIME.search(text)
    if clock and int(clock[1]) < 24:
        time = datetime(facts.as_of.year, facts.as_of.month, facts.as_of.day, int(clock[1]), int(clock[2]))  # noqa: DTZ001  # the zone follows
        facts.taken_at = time.replace(tzinfo=_SEOUL)


def _labelled(rows: Sequence[Row]) -> Iterator[Said]:
    """Labels with a number beside them, else below them in the next row."""
    for row, below in zip_longest(rows, rows[1:], fillvalue=Row(0, ())):
        for i, cell in enumerate(row.cells):
            if not cell or number_or_none(cell) is not None:
                continue
            label, _, rest = cell.partition(":") if ":" in cell else (cell, "", "")
            beside = next((other for other in row.cells[i + 1 :] if other), "")
            under = below.cells[i] if i < len(below.cells) else ""
            for text, line in ((rest, row.line), (beside, row.line), (under, below.line)):
                amount = number_or_none(text) if text.strip() else None
                if amount is not None:
                    yield Said(label.strip(), amount, line)
                    break
