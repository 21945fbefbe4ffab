"""Statements into a portfolio folder: what they hold, told first; kept in holdings.csv and lots.csv when asked.

    read = import_statements(["Portfolio_Positions.csv"], portfolio="portfolios/us")     nothing is written
    read = import_statements([...], portfolio="portfolios/us", write=True)               holdings.csv, lots.csv

The accounts that the files hold are replaced, those of the folder that they do not name are kept, and the files that
were there stay beside the new ones as backups.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from rebalance_kit import arguments
from rebalance_kit.errors import DecisionNeeded, HoldingsError, InputError, UsageError
from rebalance_kit.holdings.aids import Aids, aids_of
from rebalance_kit.holdings.files import read_document
from rebalance_kit.holdings.mapping import FILE_NAME as MAPPING_FILE
from rebalance_kit.holdings.mapping import draft_mapping
from rebalance_kit.holdings.model import HoldingsFile
from rebalance_kit.holdings.renaming import with_account
from rebalance_kit.holdings.statements.kis_pages import belong_together
from rebalance_kit.holdings.statements.kis_pages import joined as joined_pages
from rebalance_kit.holdings.summary import FileSummary, summarise
from rebalance_kit.holdings.writing import contents_of, joined
from rebalance_kit.policy.loading import load_policy
from rebalance_kit.policy.model import Policy
from rebalance_kit.portfolio.keeping import READABLE, Written, keep
from rebalance_kit.storage import write_atomically
from rebalance_kit.textfile.document import Document, open_document
from rebalance_kit.textfile.workbook import sheets
from rebalance_kit.words import Finding, Language, Text, same

TIME_ZONES = {"XKRX": "Asia/Seoul", "XNYS": "America/New_York"}


@dataclass(frozen=True, slots=True)
class Imported:
    """What the files hold, and what became of it. `findings` are about all of them together."""

    files: tuple[FileSummary, ...]
    language: Language
    folder: Path | None = None
    written: Written | None = None
    findings: tuple[Finding, ...] = ()

    def to_dict(self, language: Language | None = None) -> Mapping[str, object]:
        """The JSON of `rebalance import`."""
        spoken = language or self.language
        written = None
        if self.written is not None:
            written = {
                "files": [str(path) for path in self.written.files],
                "backups": [str(path) for path in self.written.backups],
                "kept_accounts": list(self.written.kept_accounts),
            }
        return {
            "files": [each.to_dict(spoken) for each in self.files],
            "written": written,
            "findings": [finding.to_dict(spoken) for finding in self.findings],
        }


def import_statements(
    paths: Sequence[str | Path],
    *,
    form: str | None = None,
    portfolio: str | Path | None = None,
    listing: str | Path | None = None,
    account: str | None = None,
    on: date | str | None = None,
    write: bool = False,
    force: bool = False,
    language: Language | None = None,
) -> Imported:
    """Read statements and tell what they hold; with `write` keep it in the folder `portfolio`.

    `form` names the format of all of them, `listing` a list of codes and names, `account` the account of files that
    name none. Raises HoldingsError, PriceError or UsageError for what cannot be read; DecisionNeeded when a run has
    made the broker the owner of the holdings (definition 26; `force` writes all the same) and when a draft of
    mapping.yaml was written for headings that nobody knows.
    """
    folder = _folder(portfolio, write=write)
    policy = _policy(folder, account)
    day = _day(on, policy)
    aids = aids_of(folder, Path(listing) if listing else None)
    documents = _documents([Path(path) for path in paths])
    read = [_read(document, policy, day, form, aids, folder if write else None) for document in documents]
    if account is not None and policy is None:
        read = [with_account(file, account) for file in read]
    files = tuple(summarise(d.name, file, policy) for d, file in zip(documents, read, strict=True))
    spoken = language or (policy.language if policy else "en")
    if not write or folder is None:
        return Imported(files, spoken, folder, findings=_foreseen(files))
    written, findings = keep(folder, files, policy, day, force=force)
    return Imported(files, spoken, folder, written, findings)


def _folder(portfolio: str | Path | None, *, write: bool) -> Path | None:
    if portfolio is None:
        if write:
            raise UsageError(
                "no_portfolio",
                where=same("--write"),
                wrong=Text("no portfolio folder is named", "포트폴리오 폴더가 없습니다"),
                expected=Text("--portfolio DIR, the folder to write to", "쓸 폴더를 정하는 --portfolio DIR"),
                fix=Text("name the folder", "폴더를 정해 주세요"),
            )
        return None
    path = Path(portfolio)
    folder = path if path.is_dir() else path.parent
    if path.is_dir() or (path.is_file() and path.suffix in (".yaml", ".yml")):
        return folder
    raise UsageError(
        "no_such_folder",
        where=same("--portfolio"),
        wrong=Text(f"there is no folder {path}", f"{path} 폴더가 없습니다"),
        expected=Text("a portfolio folder or its portfolio.yaml", "포트폴리오 폴더나 그 portfolio.yaml"),
        fix=Text("check the path", "경로를 확인해 주세요"),
    )


def _policy(folder: Path | None, account: str | None) -> Policy | None:
    """The policy of the folder, seen as one that has only `account` where that is given: what names no account, or
    one that the policy does not have, is then that account's."""
    if folder is None or not (folder / "portfolio.yaml").is_file():
        return None
    policy = load_policy(folder)
    if account is None:
        return policy
    if account not in policy.accounts:
        names = ", ".join(policy.accounts)
        raise arguments.bad_argument("--account", account, Text(f"one of {names}", f"다음 중 하나: {names}"))
    return policy.model_copy(update={"accounts": {account: policy.accounts[account]}})


def _day(on: date | str | None, policy: Policy | None) -> date:
    if on is not None:
        return arguments.day("--on", on)
    return datetime.now(ZoneInfo(TIME_ZONES[policy.exchange]) if policy else None).date()


def _documents(paths: Sequence[Path]) -> list[Document]:
    """Each file once; the pages of one inquiry of the KIS API together. UsageError for the same file twice."""
    documents: list[Document] = []
    hashes: dict[str, str] = {}
    for path in paths:
        document = open_document(path, HoldingsError)
        if document.sha256 in hashes:
            raise UsageError(
                "same_file_twice",
                where=same(str(path)),
                wrong=Text(f"it is the same file as {hashes[document.sha256]}",
                           f"{hashes[document.sha256]}과(와) 같은 파일입니다"),
                expected=Text("each file once", "파일마다 한 번"),
                fix=Text("leave one out", "하나를 빼 주세요"),
            )  # fmt: skip
        hashes[document.sha256] = document.name
        documents.append(document)
    together: list[list[Document]] = []
    for document in documents:
        group = next((group for group in together if belong_together(group[0], document)), None)
        if group is None:
            together.append([document])
        else:
            group.append(document)
    return [joined_pages(group) if len(group) > 1 else group[0] for group in together]


def _read(
    document: Document, policy: Policy | None, day: date, form: str | None, aids: Aids, folder: Path | None
) -> HoldingsFile:
    """What a document holds; for headings that nobody knows a mapping is offered, and in `folder` drafted."""
    try:
        return read_document(document, policy, day, format=form, aids=aids)
    except InputError as error:
        draft = draft_mapping(sheets(document)[0]) if error.code == "no_table" else None
        if draft is None:
            raise
        if folder is None or (folder / MAPPING_FILE).exists():
            raise _offer(error, exists=aids.mapping_path is not None) from error
        write_atomically(folder / MAPPING_FILE, draft.encode(), mode=READABLE)
        raise _drafted(folder / MAPPING_FILE, document) from error


def _foreseen(files: Sequence[FileSummary]) -> tuple[Finding, ...]:
    """What would keep the files from being written together."""
    try:
        return joined([(each.name, contents_of(each.file)) for each in files])[1]
    except HoldingsError as error:
        message = Text(error.message("en"), error.message("ko"))
        return (Finding(error.code, "warning", message),)


def _offer(error: InputError, *, exists: bool) -> HoldingsError:
    """The refusal of unknown headings, with the way out that a mapping is."""
    if exists:
        fix = Text(f"correct the headings in {MAPPING_FILE}, or remove it to have a new draft written",
                   f"{MAPPING_FILE}의 제목을 고치거나, 지우고 새 초안을 받아 주세요")  # fmt: skip
    else:
        fix = Text(f"say which column is what in {MAPPING_FILE}: with --portfolio DIR --write a draft of it is written",
                   f"열의 뜻을 {MAPPING_FILE}에 적어 주세요(--portfolio DIR --write를 주면 초안을 씁니다)")  # fmt: skip
    return HoldingsError("unknown_headings", where=error.where, wrong=error.wrong, expected=error.expected, fix=fix)


def _drafted(path: Path, document: Document) -> DecisionNeeded:
    return DecisionNeeded(
        "mapping_drafted",
        where=same(str(path)),
        wrong=Text(f"the headings of {document.name} are not known, so this draft says what they may mean",
                   f"{document.name}의 제목을 알 수 없어 뜻을 짐작한 초안을 썼습니다"),
        expected=Text("a person who checks it", "사람의 확인"),
        fix=Text("correct its lines, then import the file again", "초안을 고친 뒤 파일을 다시 가져와 주세요"),
    )  # fmt: skip
