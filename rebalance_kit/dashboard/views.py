"""What the desk shows, as HTML strings: pure functions of results and a language. Every text from a file is escaped.

The screen only writes figures that a room below has computed; nothing is added up here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING

from rebalance_kit.dashboard import wording as w
from rebalance_kit.money import show_money, show_percent
from rebalance_kit.words import Finding, Language, Severity, Text

if TYPE_CHECKING:  # the first paint of a page needs words only
    from rebalance_kit.dashboard.allocation import Allocation
    from rebalance_kit.dashboard.editor import Row
    from rebalance_kit.drift import Drift
    from rebalance_kit.trigger import Decision


def card_title(title: Text, language: Language, more: Text | None = None) -> str:
    """The heading of a card, with a line under it."""
    below = f'<p class="rk-soft">{escape(more.of(language))}</p>' if more else ""
    return f"<h2>{escape(title.of(language))}</h2>{below}"


def brand(language: Language) -> str:
    """The name of the program, and that no real money moves here."""
    return (
        f'<h1>{escape(w.TITLE.of(language))}</h1><span class="rk-paper" title="{escape(w.PAPER_MORE.of(language))}">'
        f"{escape(w.PAPER.of(language))}</span>"
    )


def message(text: str, kind: Severity) -> str:
    """A sentence for the whole page; read out at once when it is an error."""
    if not text:
        return ""
    role = "alert" if kind == "error" else "status"
    return f'<div class="rk-say rk-{kind}" role="{role}">{escape(text)}</div>'


def today(drift: Drift, decision: Decision, language: Language) -> str:
    """Value and decision in one sentence, then every reason."""
    value = f"<b>{escape(show_money(drift.total_value, drift.base_currency))}</b>"
    worth = escape(w.WORTH.of(language)).format(value=value, date=f'<span class="rk-date">{drift.as_of}</span>')
    cash = w.CASH_HELD.of(language).format(cash=show_money(drift.cash_value, drift.base_currency))
    answer = (w.DUE if decision.rebalance else w.NOT_DUE).of(language)
    tone = "due" if decision.rebalance else "calm"
    lines = [reason.of(language) for reason in decision.reasons]
    if decision.delayed_until:
        lines.append(w.DELAYED.of(language).format(date=decision.delayed_until))
    if decision.next_date and decision.next_date.isoformat() not in " ".join(lines):
        lines.append(w.NEXT_DATE.of(language).format(date=decision.next_date))
    said = set(decision.reasons)
    unsaid = [finding for finding in (*drift.findings, *decision.findings) if finding.message not in said]
    return (
        f'<p class="rk-name">{escape(drift.portfolio)}</p>'
        f'<p class="rk-headline"><span class="rk-worth">{worth}</span> <span class="rk-soft">{escape(cash)}</span>'
        f' <span class="rk-answer rk-{tone}">{escape(answer)}</span></p>'
        f'<ul class="rk-reasons">{_items(lines)}</ul>{notes(unsaid, language)}'
    )


def chart(drift: Drift, language: Language, *, what_if: bool, narrow: bool = False) -> str:
    """The drift chart: the one picture that follows a moving slider."""
    from rebalance_kit.report.narrow import drift_narrow_svg
    from rebalance_kit.report.svg import drift_svg

    title = card_title(w.DRIFT_TITLE, language, w.DRIFT_WHAT_IF if what_if else w.DRIFT_POLICY)
    return f'{title}<div class="rk-svg">{(drift_narrow_svg if narrow else drift_svg)(drift, language)}</div>'


def editor_rows(allocation: Allocation, drift: Drift, language: Language) -> list[Row]:
    """The rows of the weights editor: who, in which group, how much of it there is now."""
    held = {asset.code: asset for asset in drift.assets}
    rows: list[Row] = []
    for code, policy, fixed in zip(allocation.codes, allocation.policy, allocation.fixed, strict=True):
        asset = held.get(code)
        facts = w.NOW.of(language).format(weight=show_percent(asset.current_weight, 2)) if asset else ""
        rows.append(
            {
                "code": code,
                "name": asset.name if asset else w.CASH.of(language),
                "group": (asset.group or "") if asset else "",
                "facts": w.CASH_FIXED.of(language) if fixed else facts,
                "policy": policy,
                "fixed": fixed,
            }
        )
    return rows


def notes(findings: Iterable[Finding], language: Language) -> str:
    """Findings, folded away unless one of them is a warning."""
    distinct = list(dict.fromkeys(findings))
    if not distinct:
        return ""
    opened = " open" if any(finding.severity != "info" for finding in distinct) else ""
    items = "".join(
        f'<li class="rk-{finding.severity}">{escape(finding.message.of(language))}</li>' for finding in distinct
    )
    title = escape(w.NOTES.of(language).format(count=len(distinct)))
    return f'<details class="rk-notes"{opened}><summary>{title}</summary><ul>{items}</ul></details>'


def table(
    headings: Sequence[str], rows: Iterable[Sequence[str]], kind: str, hints: Mapping[str, str] | None = None
) -> str:
    """A table of ready-made, escaped cells; `hints` explain headings. On a phone each row becomes a card that names
    its cells itself."""
    head = "".join(f'<th scope="col"{_hint(heading, hints or {})}>{heading}</th>' for heading in headings)
    body = "".join(f"<tr>{_cells(headings, row)}</tr>" for row in rows)
    return f'<table class="rk-table rk-{kind}"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'


def facts(pairs: Iterable[tuple[str, str]]) -> str:
    """Names and figures in a row; the figures are escaped by whoever made them."""
    return (
        f'<dl class="rk-facts">{"".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in pairs)}</dl>'
    )


def _hint(heading: str, hints: Mapping[str, str]) -> str:
    return f' title="{escape(hints[heading])}" class="rk-hint"' if heading in hints else ""


def _cells(headings: Sequence[str], row: Sequence[str]) -> str:
    return "".join(f'<td data-label="{heading}">{cell}</td>' for heading, cell in zip(headings, row, strict=True))


def _items(lines: Iterable[str]) -> str:
    return "".join(f"<li>{escape(line)}</li>" for line in lines)
