"""What an asset code looks like, and which unquoted codes another YAML reader would turn into something else."""

from __future__ import annotations

import re

KRX_CODE = re.compile(r"[0-9A-Z]{6,7}")
OTHER_CODE = re.compile(r"[A-Z0-9./-]{1,12}")
# In a holdings file these mean cash, so they cannot name an asset.
CASH_WORDS = frozenset({"CASH", "DIVIDENDS"})

# YAML 1.1 (https://yaml.org/type/): integers with leading zeros, underscores, 0x, 0b and base 60, floats, dates,
# and the words for true, false and nothing. YAML 1.2 adds 0o.
_CONVERTED = re.compile(
    r"""[-+]?[0-9][0-9_,]*                              # 069500, 1_000
      | [-+]?0[xob][0-9a-f_]+                           # 0x1F
      | [-+]?[0-9][0-9_]*(:[0-9][0-9_]*)+(\.[0-9_]*)?   # 1:30
      | [-+]?(\.[0-9_]+|[0-9][0-9_]*(\.[0-9_]*)?)(e[-+]?[0-9]+)?   # 1E5, .5
      | [-+]?\.inf | \.nan
      | [0-9]{4}-[0-9]{1,2}-[0-9]{1,2}.*                # 2026-01-02
      | ~ | null | true | false | yes | no | on | off | y | n
      | = | <<""",
    re.IGNORECASE | re.VERBOSE,
)


def needs_quotes(code: str) -> bool:
    """Whether an unquoted code is a number, a date or a truth value to some YAML reader."""
    return _CONVERTED.fullmatch(code) is not None


def is_code(code: str, *, krx: bool) -> bool:
    """Whether a code has the form of its exchange."""
    return (KRX_CODE if krx else OTHER_CODE).fullmatch(code) is not None
