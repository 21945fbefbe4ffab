"""What cannot be read in a Korean statement, and what to do about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from rebalance_kit.errors import InputError, PriceError
from rebalance_kit.holdings.names import Names, NoMatch
from rebalance_kit.money import plain
from rebalance_kit.textfile.cells import quoted, shown
from rebalance_kit.textfile.document import Row
from rebalance_kit.textfile.table import Table
from rebalance_kit.words import Text

MOST_NAMES = 8  # that a message counts out


@dataclass(frozen=True, slots=True)
class Unmatched:
    """A name in a row that stands for no asset, or for several."""

    row: Row
    name: str
    why: NoMatch


def names_unmatched(table: Table, unmatched: Sequence[Unmatched], names: Names) -> InputError:
    """All the names of a file that stand for no one asset, the first with its candidates."""
    first = unmatched[0]
    offered = ", ".join(f"{code} {shown(name)}" for code, name in first.why.candidates)
    if first.why.several:
        wrong = Text(f"{quoted(first.name)} is the name of several assets ({offered})",
                     f"{quoted(first.name)}은(는) 여러 종목의 이름입니다({offered})")  # fmt: skip
    elif offered:
        wrong = Text(f"no asset is called {quoted(first.name)} (alike: {offered})",
                     f"{quoted(first.name)}(이)라는 종목을 찾지 못했습니다(비슷한 이름: {offered})")  # fmt: skip
    else:
        wrong = Text(f"no asset is called {quoted(first.name)}",
                     f"{quoted(first.name)}(이)라는 종목을 찾지 못했습니다")  # fmt: skip
    others = list(dict.fromkeys(each.name for each in unmatched if each.name != first.name))
    if others:
        listed = ", ".join(map(quoted, others[:MOST_NAMES])) + (" …" if len(others) > MOST_NAMES else "")
        wrong = Text(f"{wrong.en}, nor is it clear what {listed} are" if len(others) > 1
                     else f"{wrong.en}, nor is it clear what {listed} is",
                     f"{wrong.ko}. {listed}도 알 수 없습니다")  # fmt: skip
    where = names.source
    lacking = not names.path and not names.given
    return table.problem(
        "ambiguous_name" if first.why.several else "unknown_name",
        wrong,
        Text(f"names that the policy or {where} has exactly once, as the file has no codes",
             f"파일에 종목코드가 없으므로 정책이나 {where}에 꼭 하나만 있는 이름"),
        Text("put a listing with the columns code and name beside the policy (listing.csv), or name one with --listing",
             "code, name 열이 있는 종목 목록을 listing.csv로 두거나 --listing으로 지정해 주세요")
        if lacking
        else Text(f"add a row with the code and the name as the file writes it to {where}",
                  f"{where}에 종목코드와 파일에 적힌 이름을 한 행으로 추가해 주세요"),
        first.row,
        "name",
    )  # fmt: skip


def bad_price(table: Table, row: Row, price: Decimal) -> InputError:
    """A price below zero that the row's own value does not explain."""
    return table.problem(
        "bad_price",
        Text(f"the price is {plain(price)}", f"가격이 {plain(price)}입니다"),
        Text("a price above zero", "0보다 큰 가격"),
        Text("correct the price or remove the row", "가격을 고치거나 행을 지워 주세요"),
        row,
        "price",
        PriceError,
    )


def won_or_foreign(table: Table, row: Row, currency: str) -> InputError:
    """Amounts of an asset abroad that could as well be won."""
    cell = quoted(table.text(row, "value"))
    return table.problem(
        "won_or_foreign",
        Text(f"{cell} of an asset abroad could be won or {currency}",
             f"해외 자산의 {cell}이(가) 원화인지 {currency}인지 알 수 없습니다"),
        Text("a currency column, or amounts that show their currency", "통화 열이나 통화를 알 수 있는 금액"),
        Text("export the table in foreign currency, or add a column 통화 (currency)",
             "외화 기준으로 내려받거나 통화 열을 추가해 주세요"),
        row,
        "value",
    )  # fmt: skip
