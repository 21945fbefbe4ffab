"""Reads the sheets of a workbook in a process of its own: bytes on the input, JSON on the output.

Run as a script by `workbook`, and knowing nothing of this package. The reader of workbooks is written in Rust: a broken
file can make it panic, or ask for more memory than there is, and neither can be caught in the process that calls it.

Exit codes: 0 read, 2 not a workbook that can be read, 3 a password, 4 the reader is not installed.
"""

from __future__ import annotations

import csv
import datetime
import io
import json
import re
import sys
from collections.abc import Iterable
from decimal import Decimal

NOT_READ, PASSWORD, NOT_INSTALLED = 2, 3, 4
MOST_MEMORY = 1536 * 1024 * 1024  # bytes of address space, where the system can limit it

Cell = int | float | str | bool | datetime.time | datetime.date | datetime.datetime | datetime.timedelta


def as_csv(rows: Iterable[Iterable[Cell]]) -> str:
    """The rows as CSV text, one line each, so that a line number is a row number."""
    lines = io.StringIO()
    writer = csv.writer(lines, lineterminator="\n")
    for row in rows:
        cells = [as_text(cell) for cell in row]
        while cells and not cells[-1]:
            cells.pop()
        if cells:
            writer.writerow(cells)
        else:
            lines.write("\n")
    return lines.getvalue()


def as_text(cell: Cell) -> str:
    """A cell as Excel shows it at full precision: 15 significant digits of a number, a date as ISO text."""
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float):
        text = format(Decimal(f"{cell:.15g}"), "f")
        return text.rstrip("0").rstrip(".") if "." in text else text
    if isinstance(cell, datetime.datetime):
        return cell.date().isoformat() if cell.time() == datetime.time() else cell.isoformat(" ", "seconds")
    if isinstance(cell, (datetime.date, datetime.time)):
        return cell.isoformat()
    return re.sub(r"[\r\n\0]+", " ", str(cell))


def main() -> int:
    """Reads the workbook from the input and writes `[[name, csv], ...]` of its visible sheets."""
    try:
        from python_calamine import CalamineWorkbook, PasswordError, SheetTypeEnum, SheetVisibleEnum
    except ImportError:
        return NOT_INSTALLED
    _limit_memory()
    try:
        with CalamineWorkbook.from_filelike(io.BytesIO(sys.stdin.buffer.read())) as workbook:
            found = [
                (sheet.name, as_csv(workbook.get_sheet_by_name(sheet.name).to_python(skip_empty_area=False)))
                for sheet in workbook.sheets_metadata
                if sheet.typ is SheetTypeEnum.WorkSheet and sheet.visible is SheetVisibleEnum.Visible
            ]
    except PasswordError:
        return PASSWORD
    except Exception:  # whatever it is, the file cannot be read; a panic ends the process by itself
        return NOT_READ
    sys.stdout.buffer.write(json.dumps(found).encode())
    return 0


def _limit_memory() -> None:
    try:
        import resource
    except ImportError:  # Windows has no such limit; the process is still its own
        return
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))


if __name__ == "__main__":
    sys.exit(main())
