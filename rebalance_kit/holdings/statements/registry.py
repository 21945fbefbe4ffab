"""The formats that are known, and which of them a document is.

A format joins by being named in `FORMATS`: nothing registers itself by being imported.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from rebalance_kit.errors import InputError, UsageError
from rebalance_kit.holdings.aids import NO_AIDS, Aids
from rebalance_kit.holdings.columns import HOLDINGS
from rebalance_kit.holdings.model import HoldingsFile
from rebalance_kit.holdings.statements.base import Confidence, Format
from rebalance_kit.holdings.statements.beancount import Beancount
from rebalance_kit.holdings.statements.etrade import Etrade
from rebalance_kit.holdings.statements.fidelity import Fidelity
from rebalance_kit.holdings.statements.generic import GenericTable
from rebalance_kit.holdings.statements.ghostfolio import Ghostfolio
from rebalance_kit.holdings.statements.hanwha import Hanwha
from rebalance_kit.holdings.statements.hanwha_overseas import HanwhaOverseas
from rebalance_kit.holdings.statements.ibkr_activity import IbkrActivity
from rebalance_kit.holdings.statements.ibkr_flex import IbkrFlex
from rebalance_kit.holdings.statements.kis import Kis
from rebalance_kit.holdings.statements.kis_overseas import KisOverseas
from rebalance_kit.holdings.statements.kiwoom import Kiwoom
from rebalance_kit.holdings.statements.korean import KoreanTable
from rebalance_kit.holdings.statements.mapped import MappedTable
from rebalance_kit.holdings.statements.mirae import Mirae
from rebalance_kit.holdings.statements.mirae_irp import MiraeIrp
from rebalance_kit.holdings.statements.named import NamedTable
from rebalance_kit.holdings.statements.nh import Nh
from rebalance_kit.holdings.statements.portfolio_performance import PortfolioPerformance
from rebalance_kit.holdings.statements.refusals import picture_or_archive, refusal_of
from rebalance_kit.holdings.statements.samsung import Samsung
from rebalance_kit.holdings.statements.schwab import Schwab
from rebalance_kit.holdings.statements.vanguard import Vanguard
from rebalance_kit.policy.model import Policy
from rebalance_kit.textfile.document import Document
from rebalance_kit.textfile.markup import table_in_markup
from rebalance_kit.textfile.table import first_headings
from rebalance_kit.textfile.workbook import sheets
from rebalance_kit.words import Text


def formats_for(aids: Aids = NO_AIDS) -> tuple[Format, ...]:
    """Every format; a listing finds the codes for those whose files have none, a mapping names columns."""
    names = aids.names
    mapped = (MappedTable(aids.mapping, names),) if aids.mapping else ()
    return (
        *mapped,
        Fidelity(),
        Schwab(),
        Vanguard(),
        Etrade(),
        IbkrActivity(),
        IbkrFlex(),
        PortfolioPerformance(),
        Ghostfolio(),
        Beancount(),
        Kis(),
        KisOverseas(),
        Mirae(names),
        MiraeIrp(names),
        Samsung(names),
        Hanwha(names),
        HanwhaOverseas(names),
        Kiwoom(names),
        Nh(names),
        KoreanTable(names),
        GenericTable(),
        NamedTable(names),
    )


FORMATS: tuple[Format, ...] = formats_for()


def read_statement(
    document: Document,
    policy: Policy | None,
    on: date,
    *,
    name: str | None = None,
    formats: Sequence[Format] = FORMATS,
) -> HoldingsFile:
    """The holdings of a document, read by the format called `name` or by the one that recognises it.

    With a policy the accounts must be the policy's; without one they are as the file names them, and no asset is known
    beforehand.
    """
    known = (_named(name, formats),) if name else formats
    sheet = _sheet(_marked(document, known) or sheets(document), known)
    chosen = known[0] if name else choose(sheet, known)
    return chosen.read(sheet, policy, on)


def choose(document: Document, formats: Sequence[Format]) -> Format:
    """The one format that is surest of a document.

    Raises the document's error when no format knows it (with what was found and what is read), when it is plainly
    something else that only looks like a table of holdings (transactions, say), or when two formats are equally sure
    (naming both).
    """
    picture = picture_or_archive(document)
    if picture is not None:
        raise picture
    sureness = {index: known.recognise(document) for index, known in enumerate(formats)}
    best = max(sureness.values(), default=Confidence.NO)
    refusal = None if best >= Confidence.CERTAIN else refusal_of(document)
    if refusal is not None:
        raise refusal
    if best is Confidence.NO:
        raise _unknown(document, formats)
    claims = [formats[index] for index, sure in sureness.items() if sure is best]
    if len(claims) > 1:
        names = ", ".join(known.name for known in claims)
        raise document.problem(
            "ambiguous_format",
            wrong=Text(f"the formats {names} all claim the file", f"{names} 형식이 모두 이 파일을 자기 것이라 합니다"),
            expected=Text("one format to recognise it", "한 가지 형식"),
            fix=Text(
                f"name one with --format, such as --format {claims[0].name}",
                f"--format {claims[0].name}처럼 하나를 골라 주세요",
            ),
        )
    return claims[0]


def _marked(document: Document, formats: Sequence[Format]) -> tuple[Document, ...]:
    """The table of a web page or an XML spreadsheet, where some format knows it; nothing for any other document."""
    table = table_in_markup(document)
    known = table is not None and any(each.recognise(table) is not Confidence.NO for each in formats)
    return (table,) if table is not None and known else ()


def _sheet(documents: Sequence[Document], formats: Sequence[Format]) -> Document:
    """The one sheet of a workbook that some format is surest of; the first when none is. A file has one sheet.

    Raises the document's error, naming the sheets, when two are as good.
    """
    if len(documents) == 1:
        return documents[0]
    sureness = [max((known.recognise(sheet) for known in formats), default=Confidence.NO) for sheet in documents]
    best = max(sureness)
    claimed = [sheet for sheet, sure in zip(documents, sureness, strict=True) if sure is best]
    if best is Confidence.NO or len(claimed) == 1:
        return claimed[0]
    names = ", ".join(sheet.name for sheet in claimed)
    raise claimed[0].problem(
        "ambiguous_sheet",
        wrong=Text(f"the sheets {names} all hold a table of holdings", f"{names} 시트에 모두 보유 종목 표가 있습니다"),
        expected=Text("one sheet with the holdings", "보유 종목이 있는 시트 하나"),
        fix=Text("save the right sheet as CSV", "맞는 시트를 CSV로 저장해 주세요"),
    )


def _named(name: str, formats: Sequence[Format]) -> Format:
    for known in formats:
        if known.name == name:
            return known
    names = ", ".join(known.name for known in formats)
    raise UsageError(
        "unknown_format",
        where="--format",
        wrong=Text(f"'{name}' is not a known format", f"'{name}'은(는) 알 수 없는 형식입니다"),
        expected=Text(f"one of {names}", f"{names} 가운데 하나"),
        fix=Text("name one of them or leave --format out", "그 가운데 하나를 적거나 --format을 빼 주세요"),
    )


def _unknown(document: Document, formats: Sequence[Format]) -> InputError:
    names = ", ".join(known.name for known in formats)
    wanted = Text(f"{HOLDINGS.wanted.en}, or a statement of one of {names}",
                  f"{HOLDINGS.wanted.ko}, 또는 {names} 가운데 하나의 파일")  # fmt: skip
    return document.no_table(wanted, None if document.kind else first_headings(document))
