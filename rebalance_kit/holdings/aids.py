"""What helps to read statements: a listing that gives codes for names, and a person's own mapping of columns."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from rebalance_kit.holdings.mapping import FILE_NAME as MAPPING_FILE
from rebalance_kit.holdings.mapping import ColumnMapping, read_mapping
from rebalance_kit.holdings.names import NO_LISTING, Names

LISTING_FILE = "listing.csv"


@dataclass(frozen=True)
class Aids:
    """The listing and the mapping that apply to some files, each read when it is first needed."""

    names: Names = NO_LISTING
    mapping_path: Path | None = None

    @cached_property
    def mapping(self) -> ColumnMapping | None:
        """The mapping, None without one. Raises InputError when it cannot be read."""
        return read_mapping(self.mapping_path) if self.mapping_path else None


NO_AIDS = Aids()


def aids_of(folder: Path | None, listing: Path | None = None) -> Aids:
    """What a portfolio folder offers; `listing` names another list than its own."""
    own = folder / LISTING_FILE if folder else None
    mapping = folder / MAPPING_FILE if folder else None
    chosen = listing or (own if own and own.is_file() else None)
    return Aids(Names(chosen), mapping if mapping and mapping.is_file() else None)
