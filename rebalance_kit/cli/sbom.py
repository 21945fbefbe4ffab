"""`rebalance sbom`: what the installed program is made of, for those who audit it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from rebalance_kit.cli import output


def sbom(
    to: Annotated[str | None, typer.Option("--to", metavar="FILE", help="Instead of stdout.")] = None,
) -> None:
    """The software bill of materials of this installation: CycloneDX 1.6, JSON. Asks no network."""
    from rebalance_kit.sbom import sbom as made
    from rebalance_kit.storage import write_atomically

    document = made()
    if to is None:
        output.write_json(document)
    else:
        write_atomically(Path(to), json.dumps(document, ensure_ascii=False, indent=2).encode() + b"\n", mode=0o644)
