"""The commands that do something: write a sample, carry out a plan, show what was done, open the dashboard."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rebalance_kit import arguments
from rebalance_kit.cli import output
from rebalance_kit.cli.options import Json, Spoken, read_language
from rebalance_kit.words import Text

_DEMO = Text(
    "{folder} is ready; its figures are synthetic. Next: rebalance drift {folder}",
    "{folder} 폴더를 만들었습니다. 숫자는 모두 지어낸 것입니다. 다음: rebalance drift {folder}",
)


def demo(
    folder: Annotated[str, typer.Argument(metavar="DIR", help="A folder that does not exist yet, or is empty.")],
    sample: Annotated[str, typer.Option("--sample", metavar="NAME", help="growth or us.")] = "growth",
    language: Spoken = None,
    json: Json = False,
) -> None:
    """Write a ready-made portfolio folder to try things on."""
    from rebalance_kit.samples import FILES, write_sample

    spoken = read_language(language) or "en"
    written = write_sample(Path(folder), sample)
    if json:
        output.write_json({"portfolio": str(written), "sample": sample, "files": list(FILES)})
    else:
        output.write(_DEMO.of(spoken).format(folder=written))


def dashboard(
    folder: Annotated[str, typer.Argument(metavar="[DIR]", help="A portfolio folder, or a folder of them.")] = ".",
    port: Annotated[str | None, typer.Option("--port", metavar="N", help="[a free one]")] = None,
    notebook: Annotated[
        str | None, typer.Option("--notebook", metavar="NAME", help="Another notebook to serve.")
    ] = None,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Print the address; open nothing.")] = False,
) -> None:
    """The same in your browser: sliders, preview, submit. Ctrl+C ends it."""
    from rebalance_kit.dashboard.launcher import serve

    raise typer.Exit(serve(Path(folder), port=_port(port), notebook=notebook, open_browser=not no_browser))


def _port(text: str | None) -> int | None:
    if text is None:
        return None
    if text.isascii() and text.isdigit() and 1024 <= int(text[:9]) <= 65535:
        return int(text)
    raise arguments.bad_argument("--port", text, Text("a number from 1024 to 65535", "1024부터 65535까지의 수"))
