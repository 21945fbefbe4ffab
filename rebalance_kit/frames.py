"""How a result shows itself in a notebook: a DataFrame with documented columns, and an HTML table of it.

pandas is imported when a table is asked for, never before: the command line starts without it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


def frame(rows: Sequence[Mapping[str, object]], columns: Sequence[str], index: str | None = None) -> pd.DataFrame:
    """A DataFrame with exactly `columns`, in that order, even when there are no rows."""
    import pandas as pd

    table = pd.DataFrame([dict(row) for row in rows], columns=list(columns), dtype=object)
    return table.set_index(index) if index else table


def html_table(caption: str, headings: Sequence[str], rows: Sequence[Sequence[str]], notes: Sequence[str] = ()) -> str:
    """A small HTML table of ready-made strings, numbers to the right; every text is escaped. Deterministic."""
    head = "".join(_cell(heading, first=i == 0, tag="th") for i, heading in enumerate(headings))
    body = "".join(f"<tr>{''.join(_cell(cell, first=i == 0) for i, cell in enumerate(row))}</tr>" for row in rows)
    tail = "".join(f"<p>{escape(note)}</p>" for note in notes)
    return (
        f'<div class="rebalance-kit"><table><caption>{escape(caption)}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{tail}</div>"
    )


def _cell(text: str, *, first: bool, tag: str = "td") -> str:
    return f'<{tag} style="text-align:{"left" if first else "right"}">{escape(text)}</{tag}>'
