"""What is said to people: one sentence in each language, and findings made of such sentences.

A rule writes both languages where it decides, so that no room above has to know why something was said.
Rooms pass `Text`; only the last room (command line, notebook, dashboard) picks the language.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypedDict

Language = Literal["en", "ko"]
Severity = Literal["info", "warning", "error"]


@dataclass(frozen=True, slots=True)
class Text:
    """The same sentence in English and in Korean."""

    en: str
    ko: str

    def of(self, language: Language) -> str:
        """The sentence in `language`."""
        return self.ko if language == "ko" else self.en

    def __str__(self) -> str:
        return self.en


def same(text: str) -> Text:
    """A text that reads the same in both languages (a name, a code, a number)."""
    return Text(text, text)


class FindingDict(TypedDict):
    """A finding as the JSON shows it; `asset` is the code that it is about, or null."""

    rule: str
    severity: Severity
    message: str
    asset: str | None


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that a person should know, as a value: it never stops the program.

    `rule` is a stable snake_case name; `code` is the asset that it is about, where there is one.
    """

    rule: str
    severity: Severity
    message: Text
    code: str | None = None

    def to_dict(self, language: Language) -> FindingDict:
        """The finding as JSON."""
        return {
            "rule": self.rule,
            "severity": self.severity,
            "message": self.message.of(language),
            "asset": self.code,
        }
