"""Korean statements for tests, read with a small listing that finds the codes of their names."""

from __future__ import annotations

from rebalance_kit.errors import HoldingsError
from rebalance_kit.holdings.aids import Aids
from rebalance_kit.holdings.model import HoldingsFile
from rebalance_kit.holdings.names import Names
from rebalance_kit.holdings.statements.registry import formats_for, read_statement
from rebalance_kit.policy.model import Policy
from rebalance_kit.textfile.document import Document
from tests.statement_files import ON, SAMPLES

LISTING = SAMPLES / "korea_listing.csv"
AIDS = Aids(Names(LISTING))


def korean(
    text: str | bytes, policy: Policy | None = None, *, aids: Aids = AIDS, form: str | None = None
) -> HoldingsFile:
    """A statement of this text, read with the listing."""
    data = text.encode() if isinstance(text, str) else text
    return read_statement(Document("f.csv", data, HoldingsError), policy, ON, name=form, formats=formats_for(aids))


def korean_sample(name: str, policy: Policy | None = None, *, aids: Aids = AIDS) -> HoldingsFile:
    """One of the samples, read with the listing."""
    return korean((SAMPLES / name).read_bytes(), policy, aids=aids)


def costs(file: HoldingsFile) -> dict[tuple[str, str], str | None]:
    """The cost of each position as text."""
    return {(p.account, p.code): None if p.cost is None else str(p.cost) for p in file.holdings.positions}
