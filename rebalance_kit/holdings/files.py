"""holdings.csv or any statement that is known, from a path."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from rebalance_kit.errors import HoldingsError
from rebalance_kit.holdings.lots import read_lots as read_lots
from rebalance_kit.holdings.model import HoldingsFile
from rebalance_kit.holdings.statements.registry import read_statement
from rebalance_kit.policy.model import Policy
from rebalance_kit.textfile.document import open_document


def read_holdings(path: Path, policy: Policy | None, on: date, *, format: str | None = None) -> HoldingsFile:
    """What a file says is held. `format` names the reader; without it the content decides. Without a
    policy the accounts are those of the file.

    Raises HoldingsError, PriceError (a bad price in it) or UsageError (an unknown format), each naming the place.
    """
    return read_statement(open_document(path, HoldingsError), policy, on, name=format)
