"""Values that must never be shown: a secret that prints as stars, an account number of which four digits show, and a
filter that keeps both out of the HTTP library's log.

httpx logs every request's URL at INFO, and KIS wants the account number in the URL.
"""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass
from typing import Never

STARS = "***"
_ACCOUNT = re.compile(r"(?<!\d)\d{4}(\d{4})(?=(?:-?\d{2})?(?!\d))")


class Secret:
    """A text that is shown as stars by repr, str, format and f-strings, and refuses to be pickled or copied to JSON."""

    __slots__ = ("__value",)

    def __init__(self, value: str) -> None:
        self.__value = value

    def reveal(self) -> str:
        """The text itself, for the one line that sends it."""
        return self.__value

    def __repr__(self) -> str:
        return STARS

    def __format__(self, _: str) -> str:
        return STARS

    def __reduce__(self) -> Never:
        raise TypeError("a secret is not pickled")


@dataclass(frozen=True, slots=True, repr=False)
class AccountNumber:
    """An account as KIS writes it: eight digits and two for the product."""

    number: str
    product: str

    @property
    def masked(self) -> str:
        """The last four digits and the product, as people are shown it."""
        return f"****{self.number[-4:]}-{self.product}"

    def __repr__(self) -> str:
        return self.masked

    def __str__(self) -> str:
        return self.masked


def scrubbed(text: str) -> str:
    """A text of the service with everything that looks like an account number masked, and its padding gone."""
    return " ".join(_ACCOUNT.sub(r"****\1", text).split())


class _NoQueries(logging.Filter):
    """Takes the query off every URL that the HTTP library logs."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple(_without_query(part) for part in record.args)
        return True


def _without_query(part: object) -> object:
    query = getattr(part, "query", None)
    return str(part).partition("?")[0] if isinstance(query, bytes) and query else part


def hush_http_log() -> None:
    """Keep account numbers out of the log of httpx, whatever its level is set to. Doing it twice does it once."""
    log = logging.getLogger("httpx")
    if not any(isinstance(known, _NoQueries) for known in log.filters):
        log.addFilter(_NoQueries())
