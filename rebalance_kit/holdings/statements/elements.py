"""The elements of an XML document with the lines they stand on, read without ever expanding an entity."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple
from xml.parsers import expat

from rebalance_kit.textfile.document import Document
from rebalance_kit.words import Text

_DECLARATION = re.compile(r"^\ufeff?\s*<\?xml[^>]*\?>")


class Element(NamedTuple):
    """One element: its name, its attributes, its line, and the index of the element around it (-1 at the top)."""

    tag: str
    attributes: Mapping[str, str]
    line: int
    parent: int


def elements(document: Document) -> tuple[Element, ...]:
    """Every element in file order. A fragment without one root is read too.

    A document type is refused, so that no entity can be declared and none expanded. Raises the document's error at
    broken XML, with its line.
    """
    text = _DECLARATION.sub(lambda found: "\n" * found[0].count("\n"), document.text)
    found: list[Element] = []
    around = [-1]

    def start(tag: str, attributes: dict[str, str]) -> None:
        if len(around) > 1 or tag != _ROOT:
            found.append(Element(tag, attributes, parser.CurrentLineNumber, around[-1]))
            around.append(len(found) - 1)

    def end(_tag: str) -> None:
        if len(around) > 1:
            around.pop()

    parser = expat.ParserCreate("utf-8")
    parser.StartElementHandler, parser.EndElementHandler = start, end
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise _refused(document, text.count("\n", 0, text.index("<!")) + 1)
    try:
        parser.Parse(f"<{_ROOT}>{text}</{_ROOT}>".encode(), True)
    except expat.ExpatError as error:
        raise document.problem(
            "broken_xml",
            wrong=Text(f"the XML is broken ({expat.ErrorString(error.code)})",
                       f"XML이 깨져 있습니다({expat.ErrorString(error.code)})"),
            expected=Text("a complete XML document", "온전한 XML 문서"),
            fix=Text("download the file again", "파일을 다시 내려받아 주세요"),
            line=error.lineno,
        ) from error  # fmt: skip
    return tuple(found)


_ROOT = "document-root"  # around everything, so that a fragment of several elements is a document


def _refused(document: Document, line: int) -> Exception:
    return document.problem(
        "doctype_refused",
        wrong=Text("the XML declares a document type or entities", "XML에 문서 형식이나 엔티티 선언이 있습니다"),
        expected=Text("a statement as the broker writes it, without them", "그런 선언이 없는 증권사 원본 파일"),
        fix=Text("download the file again from the broker", "증권사에서 파일을 다시 내려받아 주세요"),
        line=line,
    )
