"""The exception tree. Every message says where, what is wrong, what was expected, and what to do.

    KitError                 exit 1   something failed
      InputError             exit 2   wrong usage or bad input; nothing was written
        PolicyError                   portfolio.yaml
        HoldingsError                 holdings.csv, lots.csv, a statement
        PriceError                    prices.csv or a price column
        UsageError                    an argument of a command or a call
      RuleError              exit 3   a rule blocks it
      BusyError              exit 4   another process works on this account
      DecisionNeeded         exit 5   a person must decide
      BrokerError            exit 6   the broker failed
      StorageError           exit 7   disk or database failed
      PartlyExecuted         exit 8   some orders were executed, some were not

`str(error)` is the English message; `error.message("ko")` the Korean one.
"""

from __future__ import annotations

from typing import ClassVar, TypedDict

from rebalance_kit.words import Language, Text, same


class ErrorDict(TypedDict):
    """An error as the JSON shows it."""

    code: str
    message: str
    where: str


class KitError(Exception):
    """The root. `code` is a stable snake_case name, `where` a file with its line or an argument."""

    exit_code: ClassVar[int] = 1

    def __init__(self, code: str, *, where: str | Text, wrong: Text, expected: Text, fix: Text) -> None:
        self.code = code
        self.where = where if isinstance(where, Text) else same(where)
        self.wrong = wrong
        self.expected = expected
        self.fix = fix
        super().__init__(self.message("en"))

    def message(self, language: Language = "en") -> str:
        """One sentence: where, what is wrong, what was expected, what to do."""
        parts = [part.of(language) for part in (self.where, self.wrong, self.expected, self.fix)]
        if language == "ko":
            return f"{parts[0]}: {parts[1]}; 기대한 값: {parts[2]}; {parts[3]}."
        return f"{parts[0]}: {parts[1]}; expected {parts[2]}; {parts[3]}."

    def to_dict(self, language: Language = "en") -> ErrorDict:
        """The error as JSON."""
        return {"code": self.code, "message": self.message(language), "where": self.where.of(language)}


class InputError(KitError):
    """Wrong usage or bad input. Nothing was written."""

    exit_code = 2


class PolicyError(InputError):
    """`portfolio.yaml` cannot be read or contradicts itself. `more` holds the errors after the first, in file order."""

    more: tuple[PolicyError, ...] = ()


class HoldingsError(InputError):
    """A holdings, lots or statement file cannot be read."""


class PriceError(InputError):
    """A price file or a price column cannot be read."""


class UsageError(InputError):
    """An argument of a command or of a call is wrong."""


class RuleError(KitError):
    """A rule blocks what was asked for."""

    exit_code = 3


class BusyError(KitError):
    """Another process works on this account."""

    exit_code = 4


class DecisionNeeded(KitError):
    """The program cannot know and must not guess: a person decides."""

    exit_code = 5


class BrokerError(KitError):
    """The broker refused, failed or answered nonsense."""

    exit_code = 6


class StorageError(KitError):
    """A disk or database failed."""

    exit_code = 7


class PartlyExecuted(KitError):
    """Some orders were executed and some were not."""

    exit_code = 8
