"""`rebalance policy ...`: is a policy fine, and the JSON schema with which an editor completes it."""

from __future__ import annotations

import json as json_library
from pathlib import Path
from typing import Annotated

import typer

from rebalance_kit.cli import output
from rebalance_kit.cli.options import Folder, Json, Spoken, read_language
from rebalance_kit.words import Finding, Language, Text

COMMANDS = ("check", "schema")
SCHEMA_FILE = "portfolio.schema.json"

_FINE = Text(
    "{name}: the policy is fine ({assets} assets in {groups} groups).\nhash {hash}",
    "{name}: 정책에 문제가 없습니다 (종목 {assets}개, 그룹 {groups}개).\n해시 {hash}",
)
_WRITTEN = Text(
    "{file} is written; begin portfolio.yaml with this line, and the editor completes it:",
    "{file} 파일을 썼습니다. portfolio.yaml 첫 줄에 다음을 적으면 편집기가 자동 완성합니다:",
)

commands = typer.Typer(rich_markup_mode=None, help="Check a policy; write its JSON schema.")
Listing = Annotated[
    str | None, typer.Option("--listing", metavar="FILE", help="Compare codes and names with an exchange's list.")
]


@commands.command()
def check(portfolio: Folder, listing: Listing = None, language: Spoken = None, json: Json = False) -> None:
    """Is portfolio.yaml fine? Everything that is wrong, with its line."""
    from rebalance_kit.policy.hashing import policy_hash
    from rebalance_kit.policy.listing import listing_findings, read_listing
    from rebalance_kit.policy.loading import load_policy

    asked = read_language(language)
    policy = load_policy(Path(portfolio))
    findings = listing_findings(policy, read_listing(Path(listing))) if listing else ()
    spoken = asked or policy.language
    counts = {"assets": len(policy.assets), "groups": len(policy.allocation)}
    if json:
        told = [finding.to_dict(spoken) for finding in findings]
        document = {"valid": True, "portfolio": policy.name, "hash": policy_hash(policy), **counts, "findings": told}
        output.write_json(document)
        return
    output.write(_FINE.of(spoken).format(name=policy.name, hash=policy_hash(policy), **counts))
    _show_findings(findings, spoken)


@commands.command()
def schema(
    portfolio: Annotated[
        str | None, typer.Argument(metavar="[PORTFOLIO]", help=f"Write {SCHEMA_FILE} there instead of to stdout.")
    ] = None,
    language: Spoken = None,
    json: Json = False,
) -> None:
    """The JSON schema of portfolio.yaml, so that an editor completes and checks it."""
    from rebalance_kit.policy.schema import json_schema

    spoken = read_language(language) or "en"
    document = json_schema(spoken)
    if portfolio is None or json:
        output.write_json(document)
        return
    from rebalance_kit.policy.text_file import policy_file
    from rebalance_kit.storage import write_atomically

    file = policy_file(Path(portfolio)).with_name(SCHEMA_FILE)
    write_atomically(file, (json_library.dumps(document, ensure_ascii=False, indent=2) + "\n").encode(), mode=0o644)
    output.say(_WRITTEN.of(spoken).format(file=file))
    output.write(f"# yaml-language-server: $schema={SCHEMA_FILE}")


def _show_findings(findings: tuple[Finding, ...], language: Language) -> None:
    if findings:
        from rebalance_kit.report import terminal

        output.show(terminal.findings_view(findings, language))
