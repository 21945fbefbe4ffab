"""The JSON Schema of `portfolio.yaml`, so that editors complete and check the file while it is written."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from importlib.resources import files
from typing import Any, TypeAlias

from rebalance_kit.policy.model import Policy
from rebalance_kit.policy.problems import Path
from rebalance_kit.policy.values import NUMBER, WHOLE
from rebalance_kit.words import Language

Schema: TypeAlias = dict[str, Any]  # JSON Schema is JSON: any value may stand at any key

DIALECT = "https://json-schema.org/draft/2020-12/schema"
TITLES: Mapping[Language, str] = {"en": "A portfolio policy", "ko": "포트폴리오 정책"}
BOUNDS = {"ge": "minimum", "gt": "exclusiveMinimum", "le": "maximum", "lt": "exclusiveMaximum"}


def json_schema(language: Language = "en") -> Schema:
    """The schema of the whole file, with the `portfolio:` section around the policy, described in `language`.

    A number may be written as a number or in quotes; a code must be in quotes.
    """
    policy = Policy.model_json_schema()
    parts: Schema = policy.pop("$defs")
    parts["Policy"] = policy
    described = descriptions()
    for name, part in parts.items():
        part.pop("description", None)
        for key, value in part.get("properties", {}).items():
            part["properties"][key] = {"description": described[name][key][language], **value}
    return {
        "$schema": DIALECT,
        "title": TITLES[language],
        "type": "object",
        "additionalProperties": False,
        "required": ["portfolio"],
        "properties": {"portfolio": {"$ref": "#/$defs/Policy"}},
        "$defs": {name: _tidy(part) for name, part in sorted(parts.items())},
    }


def descriptions() -> dict[str, dict[str, dict[str, str]]]:
    """What each key means: model -> key -> language -> sentence."""
    return tomllib.loads(files("rebalance_kit.policy").joinpath("descriptions.toml").read_text(encoding="utf-8"))


def known_keys(schema: Schema, path: Path) -> tuple[str, ...]:
    """The keys that the section at `path` may have; none where any name may stand, or where there is no section."""
    node = schema
    for step in path:
        node = _resolve(schema, _child(node, step))
    return tuple(node.get("properties", ()))


def sections_with(schema: Schema, key: str) -> Iterator[str]:
    """The sections that know a key, as dotted paths from the top; a name that is free to choose is `<name>`."""
    yield from _sections_with(schema, schema, key, "")


def _sections_with(schema: Schema, node: Schema, key: str, path: str) -> Iterator[str]:
    node = _resolve(schema, node)
    if key in node.get("properties", {}):
        yield path
    for name, child in node.get("properties", {}).items():
        yield from _sections_with(schema, child, key, f"{path}.{name}" if path else name)
    if isinstance(node.get("additionalProperties"), dict):
        yield from _sections_with(schema, node["additionalProperties"], key, f"{path}.<name>")
    if isinstance(node.get("items"), dict):
        yield from _sections_with(schema, node["items"], key, f"{path}[]")


def _resolve(schema: Schema, node: Schema) -> Schema:
    reference = node.get("$ref")
    if reference is None:
        return node
    target: Schema = schema["$defs"][reference.rpartition("/")[2]]
    return target


def _child(node: Schema, step: str | int) -> Schema:
    child = node.get("items") if isinstance(step, int) else node.get("properties", {}).get(step)
    child = node.get("additionalProperties") if child is None else child
    return child if isinstance(child, dict) else {}


def _tidy(node: Any) -> Any:
    """pydantic's schema in the words of JSON Schema, for what the YAML reader takes: no null, no invented titles."""
    if isinstance(node, list):
        return [_tidy(item) for item in node]
    if not isinstance(node, dict):
        return node
    tidied = {key: _tidy(value) for key, value in node.items() if not (key == "title" and isinstance(value, str))}
    kinds = [kind for kind in tidied.get("anyOf", []) if kind != {"type": "null"}]
    if len(kinds) == 1:
        del tidied["anyOf"]
        tidied.update(kinds[0])
    if "default" in tidied and tidied["default"] is None:
        del tidied["default"]
    return _number(tidied)


def _number(node: Schema) -> Schema:
    """A number, or the same in quotes, within its bounds."""
    decimal = node.get("anyOf") == [{"type": "number"}, {"type": "string"}]
    if not decimal and node.get("type") != "integer":
        return node
    bounds = {BOUNDS[key]: node[key] for key in BOUNDS if key in node}
    rest = {key: value for key, value in node.items() if key not in (*BOUNDS, "anyOf", "type")}
    if isinstance(rest.get("default"), str):
        number = float(rest["default"])  # JSON knows no decimals; an editor only inserts it
        rest["default"] = int(number) if number.is_integer() else number
    pattern = f"^({(NUMBER if decimal else WHOLE).pattern})$"
    plain = {"type": "number" if decimal else "integer", **bounds}
    return {**rest, "anyOf": [plain, {"type": "string", "pattern": pattern}]}
