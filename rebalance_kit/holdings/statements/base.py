"""What a format of holdings is: it knows itself by content, says how sure it is, and reads."""

from __future__ import annotations

from datetime import date
from enum import IntEnum
from typing import Protocol

from rebalance_kit.holdings.model import HoldingsFile
from rebalance_kit.policy.model import Policy
from rebalance_kit.textfile.document import Document
from rebalance_kit.words import Text


class Confidence(IntEnum):
    """How sure a format is that a document is one of its own."""

    NO = 0
    FITS = 1  # it can be read; a format that knows the sender knows better
    LIKELY = 2  # it says more than a plain table, in a way that is known
    CERTAIN = 3  # it carries this sender's marks
    TOLD = 4  # a person has named its columns


class Format(Protocol):
    """One format of holdings, a broker's or the generic table."""

    @property
    def name(self) -> str:
        """The short name for `--format`."""

    @property
    def wanted(self) -> Text:
        """What a document of this format holds, for the message that none was recognised."""

    def recognise(self, document: Document) -> Confidence:
        """How sure the format is, from the content alone, never the file's name. Does not raise for a foreign kind."""

    def read(self, document: Document, policy: Policy | None, on: date) -> HoldingsFile:
        """The holdings. Without a policy the accounts are those of the file.

        Raises HoldingsError or PriceError with file, line and column.
        """
