"""A YAML reader that knows only text, lists and sections, and remembers where everything stands.

A common YAML 1.1 reader makes 432 of an unquoted 000660, False of NO and 90 of 1:30, keeps the last of two equal keys
without a word, and can be made to build objects. Here every scalar stays the text that was written; what it means
is decided by the model that receives it. The reader works on PyYAML's parsing events, so nothing is ever
constructed, nothing recurses deeper than the limit, and an alias that stands for thousands of values is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import yaml

from rebalance_kit.errors import PolicyError
from rebalance_kit.policy.problems import Path, show
from rebalance_kit.policy.yaml_faults import yaml_error

YamlValue: TypeAlias = "dict[str, YamlValue] | list[YamlValue] | str"

DEEPEST = 20  # the format itself goes nine levels down
MOST_VALUES = 20_000
TEXT_TAG = "tag:yaml.org,2002:str"
TAB_INDENT = re.compile(r"^ *\t[ \t]*[^ \t\r\n#]", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a value stands (both counted from 1; of a section's entry the place of its key) and how it was written.

    `quoted` and `key_quoted` are true for text in quotes, and for what is no plain text at all.
    """

    line: int
    column: int
    quoted: bool
    key_quoted: bool = True


@dataclass(frozen=True, slots=True)
class YamlTree:
    """The content of a file: sections, lists and text, and the place of each path."""

    data: YamlValue
    places: Mapping[Path, Place]

    @property
    def lines(self) -> dict[Path, int]:
        """The line of each path."""
        return {path: place.line for path, place in self.places.items()}


@dataclass(frozen=True, slots=True)
class _Node:
    """`size` counts the values that the node stands for, those behind aliases too."""

    content: dict[str, tuple[Place, _Node]] | list[_Node] | str
    place: Place
    size: int = 1


def parse_yaml(text: str, source: str) -> YamlTree:
    """The tree of a YAML text; `source` names it in errors.

    PolicyError for anything but one document of sections, lists and text: tags, duplicate or merge keys, several
    documents, an empty file, more than 20 levels or 20,000 values.
    """
    tab = TAB_INDENT.search(text)
    if tab:
        raise yaml_error("tab_in_indentation", source, text.count("\n", 0, tab.start()) + 1)
    root = _Builder(source, _events(text, source)).document()
    places: dict[Path, Place] = {(): root.place}
    return YamlTree(_plain(root, (), places), places)


def _events(text: str, source: str) -> Iterator[yaml.Event]:
    """PyYAML's events, its failures in our words. Escapes such as "\\UFFFFFFFF" fail as a ValueError."""
    try:
        yield from yaml.parse(text, Loader=yaml.SafeLoader)
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        mark = getattr(error, "problem_mark", None)
        detail = getattr(error, "problem", None) or "a character that cannot be read"
        raise yaml_error("not_yaml", source, mark.line + 1 if mark else 1, detail) from error


class _Builder:
    """Builds nodes from the events of one stream."""

    def __init__(self, source: str, events: Iterator[yaml.Event]) -> None:
        self.source = source
        self.events = events
        self.anchors: dict[str | None, _Node] = {}

    def document(self) -> _Node:
        """The one document of the stream."""
        root: _Node | None = None
        for event in self.events:
            if not isinstance(event, yaml.DocumentStartEvent):
                continue
            if root is not None:
                raise self.fault("several_documents", event)
            root = self.node(next(self.events), 1)
        if root is None or (root.content == "" and not root.place.quoted):
            raise yaml_error("file_empty", self.source, 1)
        return root

    def node(self, event: yaml.Event, depth: int) -> _Node:
        if isinstance(event, yaml.AliasEvent):
            if event.anchor not in self.anchors:
                raise self.fault("unknown_alias", event, event.anchor)
            original = self.anchors[event.anchor]
            return _Node(original.content, _place(event, quoted=original.place.quoted), original.size)
        if depth > DEEPEST:
            raise self.fault("too_deep", event, DEEPEST)
        self.refuse_tag(event)
        if isinstance(event, yaml.MappingStartEvent):
            node = self.section(event, depth)
        elif isinstance(event, yaml.SequenceStartEvent):
            node = self.sequence(event, depth)
        else:
            node = _Node(getattr(event, "value", ""), _place(event, quoted=_is_quoted(event)))
        anchor = getattr(event, "anchor", None)
        if anchor is not None:
            self.anchors[anchor] = node
        return node

    def sequence(self, start: yaml.Event, depth: int) -> _Node:
        items: list[_Node] = []
        size = 1
        while not isinstance(event := next(self.events), yaml.SequenceEndEvent):
            items.append(self.node(event, depth + 1))
            size = self.grown(size + items[-1].size, event)
        return _Node(items, _place(start, quoted=True), size)

    def section(self, start: yaml.Event, depth: int) -> _Node:
        entries: dict[str, tuple[Place, _Node]] = {}
        size = 1
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            name = self.key(event)
            if name in entries:
                raise self.fault("duplicate_key", event, show(name), entries[name][0].line)
            value = self.node(next(self.events), depth + 1)
            entries[name] = (_place(event, quoted=value.place.quoted, key_quoted=_is_quoted(event)), value)
            size = self.grown(size + value.size, event)
        return _Node(entries, _place(start, quoted=True), size)

    def key(self, event: yaml.Event) -> str:
        self.refuse_tag(event)
        if not isinstance(event, yaml.ScalarEvent):
            raise self.fault("key_is_not_text", event)
        if event.value == "<<" and not _is_quoted(event):
            raise self.fault("merge_key", event)
        return event.value

    def grown(self, size: int, event: yaml.Event) -> int:
        if size > MOST_VALUES:
            raise self.fault("too_many_values", event, f"{MOST_VALUES:,}")
        return size

    def refuse_tag(self, event: yaml.Event) -> None:
        tag = getattr(event, "tag", None)
        if tag not in (None, "!", TEXT_TAG):
            raise self.fault("yaml_tag", event, show(tag))

    def fault(self, code: str, event: yaml.Event, *particulars: object) -> PolicyError:
        return yaml_error(code, self.source, _place(event, quoted=True).line, *particulars)


def _place(event: yaml.Event, *, quoted: bool, key_quoted: bool = True) -> Place:
    mark = event.start_mark
    return Place(mark.line + 1, mark.column + 1, quoted, key_quoted) if mark else Place(1, 1, quoted, key_quoted)


def _is_quoted(event: yaml.Event) -> bool:
    return getattr(event, "style", None) is not None or getattr(event, "tag", None) == TEXT_TAG


def _plain(node: _Node, path: Path, places: dict[Path, Place]) -> YamlValue:
    """The plain value of a node; the place of everything below it is noted in `places`."""
    if isinstance(node.content, str):
        return node.content
    if isinstance(node.content, list):
        values: list[YamlValue] = []
        for index, item in enumerate(node.content):
            places[*path, index] = item.place
            values.append(_plain(item, (*path, index), places))
        return values
    section: dict[str, YamlValue] = {}
    for name, (place, value) in node.content.items():
        places[*path, name] = place
        section[name] = _plain(value, (*path, name), places)
    return section
