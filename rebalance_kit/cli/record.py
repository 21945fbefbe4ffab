"""The kill switch, and the journal for people and programs that keep records."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rebalance_kit.cli import output
from rebalance_kit.cli.options import Folder, Json, Spoken, read_choice, read_language
from rebalance_kit.words import Language, Text

JOURNAL_COMMANDS = ("verify", "export")

_ON = Text(
    "The kill switch of {folder} is on: no order leaves until `rebalance stop {folder} --off`.",
    "{folder}의 긴급 정지를 켰습니다. `rebalance stop {folder} --off` 전까지 주문을 보내지 않습니다.",
)
_OFF = Text("The kill switch of {folder} is off.", "{folder}의 긴급 정지를 껐습니다.")
_EXPORTED = Text("{lines} lines are in {file}.", "{file}에 {lines}줄을 썼습니다.")

Kind = Annotated[str, typer.Option("--mode", metavar="MODE", help="paper, mock or real: each has its own journal.")]

journal = typer.Typer(rich_markup_mode=None, help="Prove that the record is whole; hand it to another program.")


def stop(
    portfolio: Folder,
    off: Annotated[bool, typer.Option("--off", help="Let orders leave again.")] = False,
    language: Spoken = None,
    json: Json = False,
) -> None:
    """The kill switch: from now on no order leaves, whoever asks."""
    from rebalance_kit.execution.stop import FILE_NAME, set_stopped

    folder = folder_of(portfolio)
    spoken = read_language(language) or _language_of(folder)
    set_stopped(folder, not off)
    if json:
        output.write_json({"portfolio": str(folder), "stopped": not off, "file": str(folder / FILE_NAME)})
        return
    output.write((_OFF if off else _ON).of(spoken).format(folder=folder))


@journal.command()
def verify(portfolio: Folder, mode: Kind = "paper", language: Spoken = None, json: Json = False) -> None:
    """Is the record whole? Every hash is computed again and compared with its second file."""
    from rebalance_kit.brokers.base import Mode
    from rebalance_kit.execution import record_file

    folder = folder_of(portfolio)
    spoken = read_language(language) or _language_of(folder)
    found = record_file.verify(folder, read_choice(Mode, "--mode", mode))
    if json:
        output.write_json(found.to_dict())
    else:
        output.write(found.sentence(spoken))


@journal.command()
def export(
    portfolio: Folder,
    to: Annotated[str | None, typer.Option("--to", metavar="FILE", help="Instead of stdout.")] = None,
    mode: Kind = "paper",
    language: Spoken = None,
) -> None:
    """Every event with its hash, then every run, as JSON Lines."""
    from rebalance_kit.brokers.base import Mode
    from rebalance_kit.execution import record_file
    from rebalance_kit.storage import write_atomically

    folder = folder_of(portfolio)
    spoken = read_language(language) or _language_of(folder)
    lines = list(record_file.export_lines(folder, read_choice(Mode, "--mode", mode), spoken))
    if to is None:
        for line in lines:
            output.write(line)
        return
    write_atomically(Path(to), "".join(f"{line}\n" for line in lines).encode())
    output.say(_EXPORTED.of(spoken).format(lines=len(lines), file=to))


def folder_of(portfolio: str) -> Path:
    """The folder of a portfolio that is named by its folder or its portfolio.yaml. Raises PolicyError for another."""
    from rebalance_kit.policy.text_file import policy_file

    return policy_file(Path(portfolio)).parent


def _language_of(folder: Path) -> Language:
    """The policy's language; English where the policy cannot be read, which must not keep anybody from stopping."""
    from rebalance_kit.errors import KitError
    from rebalance_kit.policy.loading import load_policy

    try:
        return load_policy(folder).language
    except KitError:
        return "en"
