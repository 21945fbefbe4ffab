"""The ready-made portfolios that come with the program, and a copy of one in a folder of one's own.

They stand in `portfolios/` of the source tree and travel inside the wheel as `rebalance_kit/portfolios/`. All their
figures are synthetic.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from rebalance_kit.errors import StorageError, UsageError
from rebalance_kit.words import Text, same

# What makes a portfolio folder. What the program wrote beside it (a journal, say) is never copied.
FILES = ("portfolio.yaml", "holdings.csv", "lots.csv", "prices.csv")


def sample_folder() -> Path:
    """The folder that holds the samples. StorageError when the installation lost it."""
    here = Path(__file__).parent
    for folder in (here / "portfolios", here.parent / "portfolios"):
        if (folder / "growth" / "portfolio.yaml").is_file():
            return folder
    raise StorageError(
        "samples_missing",
        where=same(str(here / "portfolios")),
        wrong=Text("the sample portfolios are not there", "견본 포트폴리오가 없습니다"),
        expected=Text("the folders that come with the program", "프로그램과 함께 설치되는 폴더"),
        fix=Text("install rebalance-kit again", "rebalance-kit을 다시 설치해 주세요"),
    )


def sample_names() -> tuple[str, ...]:
    """The names of the samples that are whole portfolio folders, sorted."""
    return tuple(sorted(path.parent.name for path in sample_folder().glob("*/portfolio.yaml")))


def write_sample(destination: Path, name: str = "growth") -> Path:
    """Copies the sample `name` into `destination`, a new or empty folder, and returns it.

    UsageError for an unknown name and for a destination that holds something; StorageError when it cannot be written.
    """
    if name not in sample_names():
        raise _unknown(name)
    if destination.exists() and not (destination.is_dir() and not any(destination.iterdir())):
        raise _occupied(destination)
    try:
        destination.mkdir(parents=True, exist_ok=True)
        for file in FILES:
            shutil.copyfile(sample_folder() / name / file, destination / file)
    except OSError as error:
        raise _unwritable(destination, error) from error
    return destination


def _unknown(name: str) -> UsageError:
    known = ", ".join(sample_names())
    return UsageError(
        "unknown_sample",
        where=Text("sample", "견본"),
        wrong=Text(f"there is no sample named {name!r}", f"{name!r}라는 견본이 없습니다"),
        expected=same(known),
        fix=Text("use one of these names", "이 가운데 하나를 적어 주세요"),
    )


def _occupied(destination: Path) -> UsageError:
    return UsageError(
        "destination_not_empty",
        where=same(str(destination)),
        wrong=Text("there is something here already", "이미 다른 것이 있습니다"),
        expected=Text("a new or an empty folder", "새 폴더나 빈 폴더"),
        fix=Text("name another folder; nothing was written", "다른 폴더를 적어 주세요. 아무것도 쓰지 않았습니다"),
    )


def _unwritable(destination: Path, error: OSError) -> StorageError:
    return StorageError(
        "destination_not_writable",
        where=same(str(destination)),
        wrong=Text(f"the folder cannot be written ({error.strerror})", f"폴더에 쓸 수 없습니다({error.strerror})"),
        expected=Text("a folder that you may write to", "쓰기 권한이 있는 폴더"),
        fix=Text("name another folder or change its permissions", "다른 폴더를 적거나 권한을 바꿔 주세요"),
    )
