"""Names without codes: which asset is meant, from the policy's own names and a listing that the user supplies.

Many Korean exports print names only. A name is taken for a code when exactly one asset is called so, compared as it is
written or, failing that, without blanks, case, punctuation and renamed brands. Nothing is taken that is merely alike:
a fund that the listing does not have yet often has a neighbour whose name begins the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cached_property, lru_cache
from pathlib import Path
from unicodedata import normalize

from rebalance_kit.policy.listing import HANGUL, normal_name, read_listing
from rebalance_kit.policy.model import Policy

MOST_CANDIDATES = 4  # that a message offers

_COMPANY = re.compile(r"\(주\)|주식회사|\(유\)")
_CODE_IN_NAME = re.compile(r"[\[(]\s*A?([0-9][0-9A-Z]{5})\s*[\])]|^A?([0-9]{6})\s+(?=\S*[^\s0-9])")
_TICKER_IN_NAME = re.compile(r"[\[(]\s*([A-Z]{1,5}(?:[./][A-Z]{1,2})?)\s*[\])]$")


@dataclass(frozen=True, slots=True)
class Match:
    """The code that a name stands for; `by` is the name that it was recognised by, where it is in the list."""

    code: str
    by: str | None


@dataclass(frozen=True, slots=True)
class NoMatch:
    """A name that is nobody's, or that of several assets: `candidates` are (code, name), the likely ones first."""

    candidates: tuple[tuple[str, str], ...]
    several: bool


@dataclass(frozen=True)
class Names:
    """What a portfolio and its user know about names: a listing (code -> name), read when it is first needed.

    `source` is what a message calls the listing.
    """

    path: Path | None = None
    given: Mapping[str, str] = field(default_factory=dict)

    @property
    def source(self) -> str:
        """What a message calls the listing."""
        return self.path.name if self.path else "listing.csv"

    @cached_property
    def listing(self) -> Mapping[str, str]:
        """Code -> name. Raises InputError when the file cannot be read or gives a code two names."""
        return {**(read_listing(self.path) if self.path else {}), **self.given}

    def book(self, policy: Policy | None) -> NameBook:
        """The listing and the policy's own names together."""
        own = [(asset.code, asset.ticker) for asset in policy.assets if asset.ticker] if policy else []
        return NameBook(tuple(own), self)


NO_LISTING = Names()


@dataclass(frozen=True)
class NameBook:
    """Answers what a name stands for."""

    own: tuple[tuple[str, str], ...]  # (code, name) of the policy
    names: Names

    def find(self, name: str, *, foreign: bool = False) -> Match | NoMatch:
        """The asset that a statement calls `name`. `foreign` says that it trades abroad: then a ticker in parentheses
        is one (in a Korean fund's name `(H)` means that its currency is hedged)."""
        key = name, foreign
        if key not in self._found:
            self._found[key] = self._find(name, foreign=foreign)
        return self._found[key]

    @cached_property
    def _found(self) -> dict[tuple[str, bool], Match | NoMatch]:
        return {}

    def _find(self, name: str, *, foreign: bool) -> Match | NoMatch:
        printed = _code_in(name, foreign=foreign)
        if printed is not None:
            return Match(printed, self._called.get(printed))
        for index, key in ((self._exact, _plain), (self._loose, _loose)):
            codes = index.get(key(name), ())
            if len(codes) == 1:
                return Match(codes[0], self._called[codes[0]])
            if codes:
                return NoMatch(tuple((code, self._called[code]) for code in codes), several=True)
        if name.strip() in self._called:
            return Match(name.strip(), None)
        return NoMatch(self._alike(name), several=False)

    def otherwise(self, code: str, name: str | None) -> str | None:
        """What the listing calls a code, where that is not what the statement calls it (definition 20).

        Names whose first words are in two scripts (삼성전자, Samsung Electronics) are not compared.
        """
        listed = self.names.listing.get(code)
        if not name or listed is None or _loose(listed) == _loose(name):
            return None
        scripts = {bool(HANGUL.search(each.split()[0])) for each in (name, listed) if each.split()}
        return listed if len(scripts) == 1 else None

    @cached_property
    def _known(self) -> tuple[tuple[str, str], ...]:
        return tuple(dict.fromkeys((*self.own, *self.names.listing.items())))

    @cached_property
    def _called(self) -> dict[str, str]:
        """The name of each code as the listing has it, else the policy's."""
        return dict(self._known)

    @cached_property
    def _exact(self) -> dict[str, tuple[str, ...]]:
        return _index((_plain(name), code) for code, name in self._known)

    @cached_property
    def _loose(self) -> dict[str, tuple[str, ...]]:
        return _index((_loose(name), code) for code, name in self._known)

    def _alike(self, name: str) -> tuple[tuple[str, str], ...]:
        """Names that hold this one or that it holds, else those spelled most like it."""
        wanted = _loose(name)
        if not wanted:
            return ()
        holding = [key for key in self._loose if key and (wanted in key or key in wanted)]
        holding.sort(key=lambda key: (abs(len(key) - len(wanted)), key))
        alike = holding or get_close_matches(wanted, self._loose, n=MOST_CANDIDATES, cutoff=0.7)
        codes = [code for key in alike[:MOST_CANDIDATES] for code in self._loose[key]]
        return tuple((code, self._called[code]) for code in codes[:MOST_CANDIDATES])


def _index(pairs: Iterable[tuple[str, str]]) -> dict[str, tuple[str, ...]]:
    index: dict[str, tuple[str, ...]] = {}
    for key, code in pairs:
        if code not in index.get(key, ()):
            index[key] = (*index.get(key, ()), code)
    return index


def _plain(name: str) -> str:
    return "".join(normalize("NFKC", name).casefold().split())


@lru_cache(maxsize=4096)
def _loose(name: str) -> str:
    return normal_name(_COMPANY.sub("", normalize("NFKC", name)))


def _code_in(name: str, *, foreign: bool) -> str | None:
    """The code that a cell prints beside the name: `KODEX 200 (069500)`, abroad `Apple (AAPL)`."""
    text = normalize("NFKC", name).strip()
    found: Iterator[str] = (group for match in _CODE_IN_NAME.finditer(text) for group in match.groups() if group)
    code = next(found, None)
    if code is None and foreign and (ticker := _TICKER_IN_NAME.search(text)):
        code = ticker[1]
    return code
