"""holdings.csv or any statement that is known, from a path."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from rebalance_kit.errors import HoldingsError
from rebalance_kit.holdings.columns import HOLDINGS
from rebalance_kit.holdings.lots import read_lots as read_lots
from rebalance_kit.holdings.model import HoldingsFile
from rebalance_kit.holdings.table import read_holdings_table
from rebalance_kit.policy.model import Policy
from rebalance_kit.textfile.bulk import without_pauses
from rebalance_kit.textfile.document import Document, open_document
from rebalance_kit.textfile.table import find_heading

if TYPE_CHECKING:  # what helps with other people's files is loaded with their formats
    from rebalance_kit.holdings.aids import Aids


def read_holdings(
    path: Path, policy: Policy | None, on: date, *, format: str | None = None, aids: Aids | None = None
) -> HoldingsFile:
    """What a file says is held. `format` names the reader; without it the content decides. Without a
    policy the accounts are those of the file. `aids` are a listing for names and a mapping of columns.

    Raises HoldingsError, PriceError (a bad price in it) or UsageError (an unknown format), each naming the place.
    """
    document = open_document(path, HoldingsError)
    with without_pauses(len(document.data)):
        return read_document(document, policy, on, format=format, aids=aids)


def read_document(
    document: Document, policy: Policy | None, on: date, *, format: str | None = None, aids: Aids | None = None
) -> HoldingsFile:
    """The same, of bytes that were already read."""
    if format is None and _is_our_own(document):
        return read_holdings_table(document, policy, on)
    # Loaded when a file of somebody else's comes: the statement formats are many, and a command should start at once.
    from rebalance_kit.holdings.statements.registry import FORMATS, formats_for, read_statement

    return read_statement(document, policy, on, name=format, formats=formats_for(aids) if aids else FORMATS)


def _is_our_own(document: Document) -> bool:
    """Whether some line's every heading is, to the letter, one of our own column names: no broker's file has that."""

    def ours(cells: Sequence[str]) -> bool:
        return set(HOLDINGS.required) <= set(cells) <= set(HOLDINGS.fields)

    return not document.kind and find_heading(document, ",", ours) is not None
