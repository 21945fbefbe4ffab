"""What is wrong with a statement of Interactive Brokers, and what to download instead."""

from __future__ import annotations

from rebalance_kit.errors import InputError
from rebalance_kit.textfile.document import Document
from rebalance_kit.words import Text


def no_currency(document: Document, line: int) -> InputError:
    """An amount without a currency, in a statement that does not name its base currency."""
    return document.problem(
        "no_currency",
        wrong=Text("the amount names no currency", "금액에 통화가 없습니다"),
        expected=Text("a currency, or the account's base currency", "통화 또는 계좌의 기준 통화"),
        fix=Text(
            "download the statement again with the currency and the account information",
            "통화와 계좌 정보를 넣어 명세서를 다시 내려받아 주세요",
        ),
        line=line,
    )


def position_twice(document: Document, line: int, symbol: str, first: int) -> InputError:
    """One asset summed up twice: two statements joined together."""
    return document.problem(
        "position_twice",
        wrong=Text(f"{symbol} is summed up a second time, first in line {first}",
                   f"{symbol}의 합계가 {first}행에 이어 다시 나옵니다"),
        expected=Text("one summary row for each asset", "종목마다 합계 한 행"),
        fix=Text("download one statement, not several joined together",
                 "여러 명세서를 이어 붙이지 말고 하나를 내려받아 주세요"),
        line=line,
    )  # fmt: skip


def foreign_language(document: Document, line: int) -> InputError:
    """Columns in a language whose words are not known here."""
    return document.problem(
        "unknown_language",
        wrong=Text(
            "the columns of the open positions are in a language that is not read",
            "보유 종목 열의 언어를 읽을 수 없습니다",
        ),
        expected=Text("an English statement", "영어 명세서"),
        fix=Text(
            "set the statement's language to English and download it again",
            "명세서 언어를 영어로 바꿔 다시 내려받아 주세요",
        ),
        line=line,
    )


def no_positions(document: Document) -> InputError:
    """A statement of trades or cash flows alone."""
    return document.problem(
        "no_positions",
        wrong=Text(
            "the statement of Interactive Brokers has no open positions",
            "인터랙티브 브로커스 명세서에 보유 종목(Open Positions)이 없습니다",
        ),
        expected=Text(
            "an activity statement or a Flex query with Open Positions and Cash Report",
            "Open Positions와 Cash Report가 있는 활동 명세서나 Flex 조회",
        ),
        fix=Text(
            "download Performance & Reports > Statements > Activity as CSV, or add Open Positions to the Flex query",
            "Performance & Reports > Statements > Activity를 CSV로 내려받거나 Flex 조회에 Open Positions를 넣어 주세요",
        ),
    )
