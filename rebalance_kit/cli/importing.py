"""`rebalance import FILE...`: what statements hold, told first; written into a portfolio folder when asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from rebalance_kit.cli import output
from rebalance_kit.cli.options import Json, On, Spoken, read_language
from rebalance_kit.words import Text

if TYPE_CHECKING:
    from rebalance_kit.portfolio.importing import Imported

_DRY = Text(
    "Nothing was written. Keep it with --portfolio DIR --write.",
    "아무것도 쓰지 않았습니다. 남기려면 --portfolio DIR --write를 주세요.",
)
_WRITTEN = Text("written: {files}", "쓴 파일: {files}")
_BACKUPS = Text("kept what was there: {files}", "이전 파일의 백업: {files}")
_KEPT = Text("accounts kept as they were: {accounts}", "그대로 둔 계좌: {accounts}")
_SAME = Text("The folder holds this already.", "폴더에 이미 같은 내용이 있습니다.")


def import_files(
    files: Annotated[list[str], typer.Argument(metavar="FILE...", help="Statements as brokers export them.")],
    form: Annotated[
        str | None, typer.Option("--format", metavar="NAME", help="The format, where the content leaves it open.")
    ] = None,
    portfolio: Annotated[
        str | None, typer.Option("--portfolio", metavar="DIR", help="The folder whose accounts these are.")
    ] = None,
    listing: Annotated[
        str | None, typer.Option("--listing", metavar="FILE", help="Codes and names, for files without codes.")
    ] = None,
    account: Annotated[
        str | None, typer.Option("--account", metavar="NAME", help="The account of files that name none.")
    ] = None,
    write: Annotated[bool, typer.Option("--write", help="Write holdings.csv and lots.csv; backups are kept.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Write although a run owns the holdings.")] = False,
    on: On = None,
    language: Spoken = None,
    json: Json = False,
) -> None:
    """What a broker's files hold; a dry summary unless --write."""
    from rebalance_kit.portfolio.importing import import_statements

    read = import_statements(
        files,
        form=form,
        portfolio=portfolio,
        listing=listing,
        account=account,
        on=on,
        write=write,
        force=force,
        language=read_language(language),
    )
    if json:
        output.write_json(read.to_dict())
    else:
        _show(read)


def _show(read: Imported) -> None:
    from rebalance_kit.report.terminal import findings_view, section
    from rebalance_kit.report.terminal_import import import_view

    spoken = read.language
    for number, file in enumerate(read.files):
        view = import_view(file, spoken)
        output.show(section(view) if number else view)
    if read.findings:
        output.show(section(findings_view(read.findings, spoken)))
    output.write("")
    if read.written is None:
        output.write(_DRY.of(spoken))
        return
    for word, names in ((_WRITTEN, read.written.files), (_BACKUPS, read.written.backups)):
        if names:
            output.write(word.of(spoken).format(files=", ".join(map(str, names))))
    if read.written.kept_accounts:
        output.write(_KEPT.of(spoken).format(accounts=", ".join(read.written.kept_accounts)))
    if not read.written.files:
        output.write(_SAME.of(spoken))
