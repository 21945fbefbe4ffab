"""One short name for what a policy says: the same for two files that mean the same, another when a rule changes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from enum import Enum
from hashlib import sha256

from rebalance_kit.money import plain
from rebalance_kit.policy.model import Policy

FORMAT = 1  # raised when the same policy would be written down in another way


def policy_hash(policy: Policy) -> str:
    """The sha256 of the policy as canonical JSON, 64 hexadecimal digits.

    It does not depend on comments, on the order of keys, assets, groups or accounts, on how a number is written
    (0.350 and 0.35), or on whether a default or a group's `weight` is written out; nor on `governance.approved`,
    which holds the hash itself, and the day of that approval.
    """
    settings = policy.model_dump(
        exclude_defaults=True, exclude={"governance": {"approved", "approved_on"}, "accounts": True}
    )
    accounts = {name: _canonical(rule.model_dump(exclude_defaults=True)) for name, rule in policy.accounts.items()}
    content = {"format": FORMAT, "policy": _canonical(_without_weights(settings)), "accounts": accounts}
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return sha256(text.encode("utf-8")).hexdigest()


def _without_weights(settings: dict[str, object]) -> dict[str, object]:
    """The settings without the weights of groups, which repeat the sum of their targets."""
    allocation = settings.get("allocation")
    groups = allocation if isinstance(allocation, Mapping) else {}
    return {**settings, "allocation": {name: _bare_group(group) for name, group in groups.items()}}


def _bare_group(group: Mapping[str, object]) -> dict[str, object]:
    bare = {key: value for key, value in group.items() if key != "weight"}
    subgroups = bare.get("groups")
    if isinstance(subgroups, Mapping):
        bare["groups"] = {name: _bare_group(subgroup) for name, subgroup in subgroups.items()}
    return bare


def _canonical(value: object) -> object:
    """Plain JSON: numbers as their shortest text, sections without empty parts, lists that are sets sorted."""
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Mapping):
        items = ((str(key), _canonical(inner)) for key, inner in value.items())
        return {key: inner for key, inner in items if inner not in ({}, [])}
    if isinstance(value, list | tuple):
        return _canonical_list([_canonical(item) for item in value], is_set=not _is_pair(value))
    return value


def _is_pair(value: list[object] | tuple[object, ...]) -> bool:
    """The limits of a no-trade zone: the one list whose order has a meaning."""
    return bool(value) and all(isinstance(item, Decimal) for item in value)


def _canonical_list(items: list[object], *, is_set: bool) -> list[object]:
    return sorted(items, key=lambda item: json.dumps(item, sort_keys=True)) if is_set else items
