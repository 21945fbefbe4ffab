"""Files that must survive: SQLite databases opened for durability, files replaced whole, and every failure of the
disk as one `StorageError`.

A commit is on the disk before the call returns: WAL with `synchronous=FULL`. (`NORMAL` keeps a database consistent
after a power cut but may lose the last commits, and a lost "I am about to send" is an order sent twice.)
Source: https://www.sqlite.org/pragma.html#pragma_synchronous
"""

from __future__ import annotations

import os
import sqlite3
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from rebalance_kit.errors import StorageError
from rebalance_kit.words import Text, same

BUSY_SECONDS = 5.0
PRIVATE = 0o600

# Journals need working locks and shared memory: https://www.sqlite.org/wal.html ("does not work over a network").
_NETWORK_FILE_SYSTEMS = frozenset({"nfs", "nfs4", "cifs", "smb3", "smbfs", "fuse.sshfs", "davfs", "afs", "9p", "drvfs"})
_SYNCED_FOLDERS = ("dropbox", "onedrive", "google drive", "googledrive", "icloud drive", "mobile documents")


def open_database(path: Path, migrations: Sequence[str]) -> sqlite3.Connection:
    """Open a database for writing, make it (0600) if it is not there, and bring its schema up to date.

    `migrations[n]` is the script from schema version n to n + 1; each runs in a transaction of its own. Raises
    StorageError when the file is locked, corrupt, read-only, made by a newer version, or on a drive without locks.
    """
    refuse_unsafe_folder(path.parent)
    with storage_errors(path):
        _make_private(path)
        connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
        try:
            _make_durable(connection)
            _migrate(connection, path, migrations)
        except BaseException:
            connection.close()
            raise
        return connection


def read_database(path: Path, migrations: Sequence[str]) -> sqlite3.Connection | None:
    """Open a database for reading only; None if there is none or nothing in it. StorageError as `open_database`.

    A file of an older version is brought up to date first: what reads it knows the newest schema only.
    """
    if not path.exists():
        return None
    version = len(migrations)
    with storage_errors(path):
        if 0 < _version_of(path) < version:
            open_database(path, migrations).close()
        try:
            return _open_to_read(path, "mode=ro", version)
        except sqlite3.OperationalError as error:
            # In a folder without write permission SQLite cannot make the -shm file that WAL needs. Then nobody can be
            # writing either, and the file may be read as it is, unless its newest commits are still in the log.
            if "unable to open" not in str(error) or _has_uncheckpointed(path):
                raise
            return _open_to_read(path, "mode=ro&immutable=1", version)


def _open_to_read(path: Path, options: str, version: int) -> sqlite3.Connection | None:
    connection = sqlite3.connect(f"{path.resolve().as_uri()}?{options}", uri=True, timeout=BUSY_SECONDS)
    connection.isolation_level = None
    try:
        found = _version(connection)
        if found not in (0, version):
            raise _other_version(path, found, version)
    except BaseException:
        connection.close()
        raise
    if found == 0:  # empty: made a moment ago, or emptied, which the anchor beside it knows
        connection.close()
        return None
    return connection


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """Everything inside is committed together, or nothing is."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield connection
        connection.execute("COMMIT")
    except BaseException:
        with suppress(sqlite3.Error):  # a full disk has rolled back already
            connection.execute("ROLLBACK")
        raise


@contextmanager
def storage_errors(path: Path) -> Iterator[None]:
    """Turn every error of SQLite and of the operating system into a StorageError that names `path`."""
    try:
        yield
    except sqlite3.IntegrityError:
        raise  # a rule of the schema was broken: a fault of the program, not of the disk
    except (sqlite3.Error, OSError) as error:
        raise _explain(path, error) from error


def write_atomically(path: Path, data: bytes, mode: int = PRIVATE) -> None:
    """Replace a file by `data` in one step that survives a power cut. StorageError if the disk refuses."""
    with storage_errors(path):
        descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        temporary = Path(name)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            temporary.chmod(mode)
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        _sync_folder(path.parent)


def keep_backup(path: Path) -> Path:
    """Copy a file to the first free name `name.backup-001.csv` beside it; no backup is ever replaced.

    StorageError if the disk refuses or 999 backups are there.
    """
    with storage_errors(path):
        data = path.read_bytes()
        for number in range(1, 1000):
            backup = path.with_name(f"{path.stem}.backup-{number:03}{path.suffix}")
            try:
                descriptor = os.open(backup, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE)
            except FileExistsError:
                continue
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            _sync_folder(path.parent)
            return backup
        raise OSError("there are 999 backups already")


def refuse_unsafe_folder(folder: Path, mounts: Path = Path("/proc/mounts")) -> None:
    """StorageError for a folder on a network drive or in a folder that a cloud service copies about."""
    where = folder.resolve()
    synced = next((part for part in where.parts if part.lower().startswith(_SYNCED_FOLDERS)), None)
    kind = synced or _network_file_system(where, mounts)
    if kind is None:
        return
    raise StorageError(
        "unsafe_drive",
        where=same(str(folder)),
        wrong=Text(f"the folder is on {kind}, where locks do not hold",
                   f"폴더가 잠금이 보장되지 않는 곳({kind})에 있습니다"),
        expected=Text("a folder on a disk of this computer", "이 컴퓨터의 디스크에 있는 폴더"),
        fix=Text("move the portfolio folder to a local disk", "포트폴리오 폴더를 로컬 디스크로 옮겨 주세요"),
    )  # fmt: skip


def _make_private(path: Path) -> None:
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, PRIVATE))


def _make_durable(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA fullfsync=1")  # macOS: fsync alone leaves data in the drive's cache
    connection.execute("PRAGMA foreign_keys=ON")
    connection.execute("PRAGMA trusted_schema=OFF")
    connection.execute("PRAGMA recursive_triggers=ON")  # else REPLACE would delete past the triggers


def _migrate(connection: sqlite3.Connection, path: Path, migrations: Sequence[str]) -> None:
    found = _version(connection)
    if found > len(migrations):
        raise _other_version(path, found, len(migrations))
    if found == len(migrations):
        return
    with transaction(connection):
        found = _version(connection)  # another process may have been quicker
        for number, script in enumerate(migrations[found:], start=found + 1):
            for statement in _statements(script):
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version={number}")


def _statements(script: str) -> Iterator[str]:
    """The statements of a script one by one: `executescript` would commit between them."""
    pending = ""
    for line in script.splitlines(keepends=True):
        pending += line
        if sqlite3.complete_statement(pending):
            yield pending
            pending = ""
    if pending.strip():
        raise ValueError(f"a statement without an end: {pending!r}")


def _version_of(path: Path) -> int:
    """The schema version of a file; 0 where that cannot be told."""
    with suppress(sqlite3.Error), closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as found:
        return _version(found)
    return 0


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _has_uncheckpointed(path: Path) -> bool:
    log = path.with_name(path.name + "-wal")
    return log.exists() and log.stat().st_size > 0


def _network_file_system(folder: Path, mounts: Path) -> str | None:
    """The kind of network file system that holds `folder`; None for a local one or where nobody says."""
    if not sys.platform.startswith("linux") or not mounts.exists():
        return None
    best, kind = "", None
    for line in mounts.read_text(encoding="utf-8", errors="replace").splitlines():
        fields = line.split(" ")
        if len(fields) < 4:
            continue
        point, system = fields[1].replace("\\040", " "), fields[2]
        if folder.is_relative_to(point) and len(point) >= len(best):
            # Containers put their own root on 9p; the shares of WSL say drvfs among the options.
            local = system not in _NETWORK_FILE_SYSTEMS or (system == "9p" and "drvfs" not in fields[3])
            best, kind = point, None if local else system
    return kind


def _sync_folder(folder: Path) -> None:
    if os.name == "nt":
        return  # Windows has no handle on a folder to flush
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


_CAUSES: tuple[tuple[tuple[str, ...], str, Text, Text, Text], ...] = (
    (("database is locked", "database table is locked"), "locked",
     Text("another program has held the file for 5 seconds", "다른 프로그램이 5초 넘게 파일을 쓰고 있습니다"),
     Text("a file that only this program uses", "이 프로그램만 쓰는 파일"),
     Text("close the viewer or wait, then try again", "열어 둔 프로그램을 닫거나 기다린 뒤 다시 실행해 주세요")),
    (("malformed", "not a database", "disk i/o error"), "corrupt",
     Text("the file is damaged", "파일이 손상되었습니다"),
     Text("a readable database", "읽을 수 있는 데이터베이스"),
     Text("restore the file and the files beside it from one backup",
          "같은 시점의 백업에서 이 파일과 곁에 있는 파일을 함께 되돌려 주세요")),
    (("readonly", "read-only", "permission denied", "unable to open"), "read_only",
     Text("the file cannot be written", "파일에 쓸 수 없습니다"),
     Text("a folder and file that you may write to", "쓰기 권한이 있는 폴더와 파일"),
     Text("check the permissions", "권한을 확인해 주세요")),
    (("disk is full", "no space left"), "disk_full",
     Text("the disk is full", "디스크가 가득 찼습니다"),
     Text("free space", "빈 공간"),
     Text("free some space and try again", "공간을 비운 뒤 다시 실행해 주세요")),
)  # fmt: skip


def _explain(path: Path, error: Exception) -> StorageError:
    said = str(error)
    for signs, code, wrong, expected, fix in _CAUSES:
        if any(sign in said.lower() for sign in signs):
            return StorageError(code, where=str(path), wrong=wrong, expected=expected, fix=fix)
    return StorageError(
        "storage",
        where=str(path),
        wrong=Text(f"the disk said: {said}", f"디스크가 알린 내용: {said}"),
        expected=Text("a file that can be read and written", "읽고 쓸 수 있는 파일"),
        fix=Text("check the folder", "폴더를 확인해 주세요"),
    )


def _other_version(path: Path, found: int, known: int) -> StorageError:
    return StorageError(
        "schema_version",
        where=str(path),
        wrong=Text(f"schema version {found}", f"스키마 버전이 {found}입니다"),
        expected=Text(f"version {known}", f"버전 {known}"),
        fix=Text("use the version of rebalance_kit that wrote it, or a newer one",
                 "이 파일을 쓴 버전이나 더 새 버전의 rebalance_kit을 써 주세요"),
    )  # fmt: skip
