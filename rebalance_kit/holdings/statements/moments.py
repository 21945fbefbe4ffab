"""When a statement was made: dates and times as brokers print them in titles and footers."""

from __future__ import annotations

import re
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

_MONTHS = {name: number for number, names in enumerate(
    ("jan january januar janvier enero gennaio", "feb february februar février febrero febbraio",
     "mar march märz mars marzo", "apr april avril abril aprile", "may mai mayo maggio",
     "jun june juni juin junio giugno", "jul july juli juillet julio luglio", "aug august août agosto",
     "sep sept september septembre septiembre settembre",
     "oct october oktober octobre octubre ottobre", "nov november novembre noviembre",
     "dec december dezember décembre diciembre dicembre"), 1)
    for name in names.split()}  # fmt: skip
_DATES = tuple(
    re.compile(pattern)
    for pattern in (
        r"(?P<y>[0-9]{4})[-/](?P<m>[0-9]{1,2})[-/](?P<d>[0-9]{1,2})\b",
        r"\b(?P<m>[0-9]{1,2})/(?P<d>[0-9]{1,2})/(?P<y>[0-9]{4})\b",
        r"\b(?P<month>[^\W\d_]{3,10})\.?[- ](?P<d>[0-9]{1,2})(?:,|-| )\s*(?P<y>[0-9]{4})\b",
        r"\b(?P<d>[0-9]{1,2})\.? (?:de )?(?P<month>[^\W\d_]{3,10}) (?:de )?(?P<y>[0-9]{4})\b",
        r"(?P<y>[0-9]{4})년 ?(?P<m>[0-9]{1,2})월 ?(?P<d>[0-9]{1,2})일",
        r"(?P<y>[0-9]{4})年(?P<m>[0-9]{1,2})月(?P<d>[0-9]{1,2})日",
    )
)
_TIME = re.compile(
    r"\b(?P<h>[0-9]{1,2}):(?P<min>[0-9]{2})(?::[0-9]{2})? ?(?P<half>[aApP])?\.?(?:[mM]\.?)?"
    r"(?: ?(?P<zone>[A-Z]{2,4})\b)?"
)
_ZONES = {"ET": "America/New_York", "EST": "America/New_York", "EDT": "America/New_York", "CT": "America/Chicago",
          "PT": "America/Los_Angeles", "UTC": "UTC", "GMT": "UTC", "KST": "Asia/Seoul"}  # fmt: skip


def last_date(text: str) -> date | None:
    """The last date in a text; month first where an American broker writes 03/04/2026. None without one."""
    found = [(match.start(), day) for pattern in _DATES for match in pattern.finditer(text) if (day := _date(match))]
    return max(found)[1] if found else None


def moment(text: str) -> datetime | None:
    """The date and the time of day in a text, with their zone: None when one of the three is missing."""
    day = last_date(text)
    found = next((match for match in _TIME.finditer(text) if match["zone"] in _ZONES), None)
    if day is None or found is None:
        return None
    hour, minute = int(found["h"]), int(found["min"])
    if found["half"]:
        hour = hour % 12 + (12 if found["half"] in "pP" else 0)
    try:
        return datetime.combine(day, time(hour, minute), ZoneInfo(_ZONES[found["zone"]]))
    except ValueError:
        return None


def _date(found: re.Match[str]) -> date | None:
    groups = found.groupdict()
    month = _MONTHS.get(groups["month"].casefold()) if groups.get("month") else int(groups["m"])
    try:
        return date(int(groups["y"]), month, int(groups["d"])) if month else None
    except ValueError:
        return None
