"""What this program is made of: a software bill of materials of the installed environment, CycloneDX 1.6 as JSON.

Read from the metadata that installers leave beside each package; nothing is asked of a network. The same environment
gives the same bytes: there is no time in it, and its serial number is a hash of its contents.

Source of the format: the CycloneDX 1.6 JSON schema (ECMA-424); package URLs are of the type `pypi`.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import Distribution, distributions
from typing import Any

OURS = "rebalance-kit"
_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "urn:rebalance-kit:sbom")
_LONGEST = 80  # of a licence's name: some packages put the whole text there


def sbom(found: Iterable[Distribution] | None = None) -> dict[str, Any]:
    """The bill of materials as a JSON object. `found` replaces the installed distributions in tests.

    `scope` is `required` for what this program needs as it is installed without extras, else `optional`.
    """
    parts = {_plain(part.name): part for part in (distributions() if found is None else found)}
    needed = _reached(parts)
    rest = [name for name in sorted(parts) if name != OURS]
    said: dict[str, Any] = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": _component(parts[OURS], "application")},
        "components": [
            {**_component(parts[name], "library"), "scope": "required" if name in needed else "optional"}
            for name in rest
        ],
        "dependencies": [
            {"ref": _url(parts[name]), "dependsOn": sorted(_url(parts[other]) for other in _asks(parts[name], parts))}
            for name in sorted(parts)
        ],
    }
    serial = uuid.uuid5(_NAMESPACE, json.dumps(said, sort_keys=True))
    return {**said, "serialNumber": f"urn:uuid:{serial}"}


def _component(part: Distribution, kind: str) -> dict[str, Any]:
    made: dict[str, Any] = {
        "type": kind,
        "bom-ref": _url(part),
        "name": part.name,
        "version": part.version,
        "purl": _url(part),
    }
    if summary := _first(part, "Summary"):
        made["description"] = summary
    if licences := _licences(part):
        made["licenses"] = licences
    return made


def _licences(part: Distribution) -> list[dict[str, Any]]:
    """The SPDX expression where one is stated (PEP 639), else the classifiers, else a short name."""
    if stated := _first(part, "License-Expression"):
        return [{"expression": stated}]
    lines = part.metadata.get_all("Classifier") or ()
    classed = [line.rpartition(" :: ")[2] for line in lines if line.startswith("License ::")]
    named = _first(part, "License").strip()
    short = [named] if named and len(named) <= _LONGEST and "\n" not in named and named != "UNKNOWN" else []
    return [{"license": {"name": name}} for name in classed or short]


def _first(part: Distribution, name: str) -> str:
    return next(iter(part.metadata.get_all(name) or ()), "")


def _reached(parts: Mapping[str, Distribution]) -> frozenset[str]:
    """Everything that this program needs without its extras, and what that needs."""
    seen: set[str] = set()
    waiting = [OURS]
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            waiting += _asks(parts[name], parts)
    return frozenset(seen)


def _asks(part: Distribution, parts: Mapping[str, Distribution]) -> Iterator[str]:
    """The installed parts that a part asks for on this computer, without its extras."""
    from packaging.requirements import Requirement

    asked = set()
    for text in part.requires or ():
        wanted = Requirement(text)
        if wanted.marker is None or wanted.marker.evaluate({"extra": ""}):
            asked.add(_plain(wanted.name))
    yield from sorted(asked & parts.keys())


def _url(part: Distribution) -> str:
    return f"pkg:pypi/{_plain(part.name)}@{part.version.replace('+', '%2B')}"


def _plain(name: str) -> str:
    """A name as package indexes compare it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()
