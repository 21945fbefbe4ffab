"""The answer of the trigger: due or not, why, and when to look again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

from rebalance_kit.frames import html_table
from rebalance_kit.words import Finding, Language, Text

TriggerName = Literal[
    "scheduled", "drift", "group_drift", "max_interval", "cash_flow", "no_trade_zone", "manual", "none"
]

_DUE = Text("A rebalance is due", "리밸런싱이 필요합니다")
_NOT_DUE = Text("Nothing is due", "리밸런싱이 필요하지 않습니다")
_DELAYED = Text("Delayed", "연기합니다")
_WHY = Text("Reason", "이유")
_NEXT = Text("Next", "다음 확인일")


@dataclass(frozen=True, slots=True)
class Decision:
    """`rebalance` says whether trading is due on the date; `reasons` lists every reason, for and against.

    `trigger` is `none` exactly when nothing is due. `next_date` is the next scheduled session, or the next check where
    the strategy has no schedule. `delayed_until` is set when something would be due and a rule puts it off.
    """

    rebalance: bool
    trigger: TriggerName
    reasons: tuple[Text, ...]
    next_date: date | None
    delayed_until: date | None = None
    findings: tuple[Finding, ...] = ()
    language: Language = "en"

    def to_dict(self, language: Language | None = None) -> dict[str, object]:
        """The `decision` of the JSON; the findings stand with those of the drift."""
        shown = language or self.language
        return {
            "rebalance": self.rebalance,
            "trigger": self.trigger,
            "reasons": [reason.of(shown) for reason in self.reasons],
            "next_date": self.next_date.isoformat() if self.next_date else None,
            "delayed_until": self.delayed_until.isoformat() if self.delayed_until else None,
        }

    def __repr__(self) -> str:
        return f"<Decision {'due' if self.rebalance else 'not due'} | {self.trigger} | next {self.next_date}>"

    def _repr_html_(self) -> str:
        verdict = _DUE if self.rebalance else _DELAYED if self.delayed_until else _NOT_DUE
        when = self.delayed_until or self.next_date
        caption = verdict.of(self.language) + (f" | {_NEXT.of(self.language)}: {when}" if when else "")
        notes = [finding.message.of(self.language) for finding in self.findings]
        return html_table(
            caption, [_WHY.of(self.language)], [[reason.of(self.language)] for reason in self.reasons], notes
        )
