"""The sample portfolios: they are what they say, the script makes them again, and they travel inside the wheel."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from rebalance_kit.errors import StorageError, UsageError
from rebalance_kit.policy.loading import load_policy
from rebalance_kit.policy.model import TaxClass
from rebalance_kit.portfolio import open_portfolio
from rebalance_kit.samples import sample_folder, sample_names, write_sample
from tests.tools import make_samples

ROOT = Path(__file__).parents[1]
PORTFOLIOS = ROOT / "portfolios"
CSV_FILES = [
    f"{sample.name}/{file}" for sample in make_samples.SAMPLES for file in ("holdings.csv", "lots.csv", "prices.csv")
]


def rows(path: Path) -> list[dict[str, str]]:
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    return list(csv.DictReader(lines))


def closes(sample: make_samples.Sample) -> Iterator[tuple[str, Decimal]]:
    """(code, close) of every price in a sample's file, wide or long, oldest first."""
    for row in rows(PORTFOLIOS / sample.name / "prices.csv"):
        if sample.wide:
            yield from ((code, Decimal(price)) for code, price in row.items() if code != "date")
        else:
            yield row["code"], Decimal(row["price"])


@pytest.mark.parametrize("file", CSV_FILES)
def test_the_script_makes_the_committed_files_again_to_the_byte(file: str, made: Path) -> None:
    assert (made / file).read_bytes() == (PORTFOLIOS / file).read_bytes()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("samples")
    make_samples.make(folder)
    return folder


@pytest.mark.parametrize("file", CSV_FILES)
def test_every_file_says_that_it_is_synthetic_and_stays_small(file: str) -> None:
    text = (PORTFOLIOS / file).read_text(encoding="utf-8")
    assert text.startswith("# Synthetic")
    assert len(text) < 400_000


def test_growth_is_worth_exactly_eleven_million_won_as_the_article_prints_it() -> None:
    held = rows(PORTFOLIOS / "growth" / "holdings.csv")
    assert {row["code"]: Decimal(row["quantity"]) * Decimal(row["price"]) for row in held} == {
        "360750": 4_200_000,
        "069500": 1_600_000,
        "305080": 1_400_000,
        "273130": 500_000,
        "091230": 1_500_000,
        "305720": 800_000,
        "139320": 1_000_000,
    }
    assert {row["date"] for row in held} == {"2026-03-04"}


@pytest.mark.parametrize("sample", make_samples.SAMPLES, ids=lambda sample: sample.name)
def test_lots_add_up_to_the_holdings(sample: make_samples.Sample) -> None:
    lots = rows(PORTFOLIOS / sample.name / "lots.csv")
    for held in rows(PORTFOLIOS / sample.name / "holdings.csv"):
        if held["code"] != "CASH":
            own = [lot for lot in lots if (lot["account"], lot["code"]) == (held["account"], held["code"])]
            assert sum(Decimal(lot["quantity"]) for lot in own) == Decimal(held["quantity"])
            assert sum(Decimal(lot["cost"]) for lot in own) == Decimal(held["cost"])


@pytest.mark.parametrize("sample", make_samples.SAMPLES, ids=lambda sample: sample.name)
def test_the_last_close_is_the_price_in_the_holdings(sample: make_samples.Sample) -> None:
    last = dict(closes(sample))
    for held in rows(PORTFOLIOS / sample.name / "holdings.csv"):
        if held["code"] != "CASH":
            assert last[held["code"]] == Decimal(held["price"])


@pytest.mark.parametrize("sample", make_samples.SAMPLES, ids=lambda sample: sample.name)
def test_every_close_is_on_its_tick(sample: make_samples.Sample) -> None:
    assets = {asset.code: asset for asset in sample.assets}
    for code, price in closes(sample):
        assert price % make_samples.tick(assets[code], float(price)) == 0


def test_prices_are_of_sessions_only() -> None:
    days = [row["date"] for row in rows(PORTFOLIOS / "growth" / "prices.csv")]
    assert days == sorted(set(days))
    assert days[0] == "2023-03-02"
    assert days[-1] == "2026-03-04"
    closed = {"2024-02-09", "2025-01-27", "2025-06-03", "2025-12-31", "2026-02-17", "2026-03-02"}
    assert not closed & set(days)


MODELS = {
    "conservative": {"148070": "0.40", "TLT": "0.20", "069500": "0.15", "VOO": "0.15", "GLD": "0.10"},
    "balanced": {"069500": "0.25", "VOO": "0.30", "VEA": "0.10", "AGG": "0.25", "GLD": "0.10"},
    "aggressive": {"VOO": "0.35", "QQQ": "0.20", "069500": "0.15", "VWO": "0.10", "AGG": "0.15", "GLD": "0.05"},
    "all_weather": {"VOO": "0.30", "TLT": "0.40", "IEF": "0.15", "GLD": "0.075", "DBC": "0.075"},
}


@pytest.mark.parametrize("name", MODELS)
def test_a_model_is_a_policy_with_the_weights_of_its_source(name: str) -> None:
    policy = load_policy(PORTFOLIOS / "models" / f"{name}.yaml")
    assert {asset.code: asset.target for asset in policy.assets} == {
        code: Decimal(weight) for code, weight in MODELS[name].items()
    }


def test_every_model_is_tested() -> None:
    assert {path.stem for path in (PORTFOLIOS / "models").glob("*.yaml")} == set(MODELS)


def test_all_weather_marks_its_partnership() -> None:
    policy = load_policy(PORTFOLIOS / "models" / "all_weather.yaml")
    assert [asset.code for asset in policy.assets if asset.tax_class is TaxClass.US_PTP] == ["DBC"]


def test_growth_opens_without_a_remark_and_has_nothing_to_do() -> None:
    portfolio = open_portfolio(PORTFOLIOS / "growth", on=make_samples.LAST)
    assert portfolio.language == "ko"
    drift = portfolio.drift()
    assert (drift.total_value, drift.findings) == (Decimal(11_000_000), ())
    assert not portfolio.decide().rebalance
    tax_free = sum(asset.target for asset in portfolio.policy.assets if asset.tax_class is TaxClass.KR_EQUITY)
    assert tax_free == Decimal("0.35")


def test_us_opens_in_won_with_its_dollars_and_is_due() -> None:
    portfolio = open_portfolio(PORTFOLIOS / "us", on=make_samples.LAST)
    drift = portfolio.drift()
    assert drift.asset("VOO").value == Decimal("4799984")  # 8 x 428.57 dollars at 1,400 won
    assert drift.total_value == Decimal("10318438")
    assert portfolio.decide().trigger == "drift"


def test_household_opens_without_a_remark_and_is_due_by_a_group() -> None:
    portfolio = open_portfolio(PORTFOLIOS / "household", on=make_samples.LAST)
    drift = portfolio.drift()
    assert portfolio.household.accounts == ("irp", "isa", "main")
    assert (drift.total_value, drift.findings) == (Decimal(77_745_000), ())
    assert [group.name for group in drift.group_breaches] == ["미국주식"]
    assert portfolio.decide().trigger == "group_drift"


def test_write_sample_makes_a_portfolio_folder_without_what_was_written_beside_it(tmp_path: Path) -> None:
    folder = write_sample(tmp_path / "new" / "mine")
    assert {path.name for path in folder.iterdir()} == {"portfolio.yaml", "holdings.csv", "lots.csv", "prices.csv"}
    assert (folder / "portfolio.yaml").read_bytes() == (PORTFOLIOS / "growth" / "portfolio.yaml").read_bytes()


def test_write_sample_accepts_an_empty_folder_and_another_name(tmp_path: Path) -> None:
    write_sample(tmp_path, "us")
    assert "VOO" in (tmp_path / "holdings.csv").read_text(encoding="utf-8")


def test_write_sample_never_writes_over_anything(tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(UsageError, match="a new or an empty folder"):
        write_sample(tmp_path)
    with pytest.raises(UsageError, match="a new or an empty folder"):
        write_sample(tmp_path / "note.txt")
    assert [path.name for path in tmp_path.iterdir()] == ["note.txt"]


def test_write_sample_names_the_samples_it_knows(tmp_path: Path) -> None:
    assert sample_names() == ("growth", "household", "us")
    with pytest.raises(UsageError, match="growth, household, us"):
        write_sample(tmp_path / "x", "grwoth")
    assert not (tmp_path / "x").exists()


def test_write_sample_says_when_a_folder_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(StorageError, match="cannot be written"):
        write_sample(tmp_path / "file" / "below")


def test_the_source_tree_is_where_an_editable_installation_finds_them() -> None:
    assert sample_folder() == PORTFOLIOS


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel unpacked, as an installation would."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (file,) = folder.glob("*.whl")
    with zipfile.ZipFile(file) as archive:
        archive.extractall(folder / "installed")
    return folder / "installed"


def test_an_installed_wheel_writes_the_same_sample(wheel: Path, tmp_path: Path) -> None:
    say = "import pathlib, rebalance_kit.samples as s; print(s.__file__); s.write_sample(pathlib.Path('mine'))"
    environment = os.environ | {"PYTHONPATH": str(wheel)}
    done = subprocess.run(
        [sys.executable, "-c", say], cwd=tmp_path, env=environment, check=True, capture_output=True, text=True
    )
    assert Path(done.stdout.strip()).is_relative_to(wheel)
    for file in ("portfolio.yaml", "holdings.csv", "lots.csv", "prices.csv"):
        assert (tmp_path / "mine" / file).read_bytes() == (PORTFOLIOS / "growth" / file).read_bytes()


def test_a_wheel_carries_every_sample_the_models_and_the_desk_and_nothing_written_beside_them(wheel: Path) -> None:
    shipped = wheel / "rebalance_kit" / "portfolios"
    for folder in ("growth", "household", "us"):
        assert sorted(p.name for p in (shipped / folder).iterdir()) == [
            "holdings.csv",
            "lots.csv",
            "portfolio.yaml",
            "prices.csv",
        ]
    models = {path.name: path.read_bytes() for path in (shipped / "models").iterdir()}
    assert models == {path.name: path.read_bytes() for path in (PORTFOLIOS / "models").glob("*.yaml")}
    assert (wheel / "rebalance_kit" / "dashboard" / "notebooks" / "dashboard.ipynb").is_file()
