"""A policy file that is right: what is read from it, what it is worth as a hash, a schema and against a listing."""

from __future__ import annotations

import json
import subprocess
import sys
import unicodedata
from decimal import Decimal
from importlib import import_module
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from rebalance_kit.errors import InputError
from rebalance_kit.policy.consistency import policy_problems
from rebalance_kit.policy.hashing import policy_hash
from rebalance_kit.policy.listing import listing_findings, normal_name, read_listing
from rebalance_kit.policy.loading import load_policy, policy_from_text
from rebalance_kit.policy.model import BandKind, Frequency, Method, Policy, Strategy
from rebalance_kit.policy.schema import descriptions, json_schema
from rebalance_kit.policy.yaml_tree import parse_yaml
from tests.make import policy
from tests.shared_data import SHARED, shared

Draft202012Validator = import_module("jsonschema").Draft202012Validator  # comes with nbformat, without types
DATA = Path(__file__).parent / "data"
SEEDS = SHARED.parent / "seeds"
LANGUAGES = ("ko", "en")
CODES = ("360750", "069500", "305080", "443160", "091230", "305720", "319640")
WEIGHTS = tuple(Decimal(text) for text in ("0.35", "0.15", "0.15", "0.05", "0.10", "0.10", "0.10"))

EXTENDED = """
portfolio:
  name: everything
  base_currency: USD
  language: ko
  exchange: XNYS
  accounts: {main: {type: taxable, broker: paper}, 연금: {type: pension, cash_buffer: 100.50}}
  allocation:
    stocks:
      weight: 0.6
      threshold: 0.03
      groups:
        home: {assets: [{code: VTI, target: 0.4, min: 0.3, max: 0.5, identical_to: [ITOT], replacement: SCHB}]}
        abroad: {threshold: 0.02, assets: [{code: VXUS, target: 0.2, accounts: [main, 연금], never_sell: yes}]}
    bonds:
      assets:
        - {ticker: 국고채, code: '148070', target: 0.3, exchange: XKRX, tax_class: kr_other, exposure: -1}
  rebalancing:
    strategy: no_trade_zone
    scheduled: {every_months: 2, months: [3]}
    drift_trigger: {threshold: 0.05, group_threshold: 0.04, kind: smaller_of, comparison: strict}
    volatility: {above: 0.25, action: widen}
    method: band_edge
    cash: {target: 0.1, buffer: 1000}
    constraints: {min_trade_share: 0.001, max_orders: 12}
    no_trade_zone: {'VTI': [0.35, .45]}
  tax: {jurisdiction: US, lot_method: hifo, realised_gain_ytd: -12.5, overrides: {us_long: 0.15}}
  prices: {proxy: {'VXUS': 'VEU'}, max_age: 5}
  governance: {cooldown_days: 14}
"""


def _read(language: str) -> str:
    return (DATA / f"document_000_{language}.yaml").read_text(encoding="utf-8")


def _from_seed() -> list[str]:
    """The two YAML blocks of source document 000, as printed there."""
    files = sorted(SEEDS.glob("000*.txt"))
    if not files:
        pytest.skip("the source documents are not here")
    text = files[0].read_text(encoding="utf-8")
    last = "slippage_estimate: 0.001"
    blocks = [part for part in text.split("# portfolio_config.yaml\n")[1:] if last in part]
    return [part[: part.index("\n", part.index(last)) + 1] for part in blocks]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_yaml_of_document_000_loads_unchanged(language: str) -> None:
    loaded = load_policy(DATA / f"document_000_{language}.yaml")
    assert tuple(asset.code for asset in loaded.assets) == CODES
    assert tuple(asset.target for asset in loaded.assets) == WEIGHTS
    assert loaded.group_targets() == {"core": Decimal("0.7"), "satellite": Decimal("0.3")}
    assert loaded.asset("069500") is not None
    assert loaded.assets[0].min == Decimal("0.30")
    assert loaded.assets[0].max == Decimal("0.40")
    rules = loaded.rebalancing
    assert rules.strategy is Strategy.HYBRID
    assert rules.scheduled.frequency is Frequency.QUARTERLY
    assert rules.scheduled.months == (1, 4, 7, 10)
    assert rules.drift_trigger.threshold == Decimal("0.05")
    assert rules.drift_trigger.check_frequency is Frequency.WEEKLY
    assert rules.constraints.min_trade_amount == 100_000
    assert rules.constraints.avoid_ex_dividend_dates is True
    assert rules.constraints.tax_loss_harvesting is False
    assert loaded.costs.etf_commission_rate == Decimal("0.00015")
    assert loaded.costs.overseas_etf_tax_rate == Decimal("0.22")


def test_the_korean_names_of_document_000_are_read() -> None:
    loaded = load_policy(DATA / "document_000_ko.yaml")
    assert loaded.name == "2026 장기 성장형"
    assert loaded.assets[3].name == "KODEX 종합채권(AA-이상)액티브"


def test_the_copies_here_are_what_document_000_prints() -> None:
    korean, english = _from_seed()
    assert "# portfolio_config.yaml\n" + korean == _read("ko")
    assert "# portfolio_config.yaml\n" + english == _read("en")


@pytest.mark.parametrize("encode", ["bom", "crlf", "decomposed", "quoted numbers"])
def test_the_same_policy_in_another_dress_is_the_same(encode: str, tmp_path: Path) -> None:
    text = _read("ko")
    data = {
        "bom": text.encode("utf-8-sig"),
        "crlf": text.replace("\n", "\r\n").encode(),
        "decomposed": unicodedata.normalize("NFD", text).encode(),
        "quoted numbers": text.replace("0.15\n", "'0.150'\n").encode(),
    }[encode]
    (tmp_path / "portfolio.yaml").write_bytes(data)
    assert load_policy(tmp_path) == policy_from_text(text, "x")


def test_every_extension_is_optional() -> None:
    smallest = policy_from_text("portfolio: {allocation: {all: {assets: [{code: '069500', target: 1}]}}}", "x")
    assert smallest.base_currency == "KRW"
    assert smallest.rebalancing.method is Method.FULL
    assert list(smallest.accounts) == ["main"]
    assert smallest.group_threshold("all") is None


def test_the_extensions_are_read() -> None:
    loaded = policy_from_text(EXTENDED, "x")
    assert loaded.rebalancing.drift_trigger.kind is BandKind.SMALLER_OF
    assert loaded.accounts["연금"].cash_buffer == Decimal("100.50")
    assert loaded.assets[1].never_sell is True
    assert loaded.assets[2].exposure == -1
    assert loaded.rebalancing.no_trade_zone == {"VTI": (Decimal("0.35"), Decimal("0.45"))}
    assert loaded.tax.realised_gain_ytd == Decimal("-12.5")


def test_an_age_limit_is_one_number_or_one_for_each_code() -> None:
    def ages(written: str) -> Policy:
        text = _read("en").replace("  costs:", f"  prices: {{max_age: {written}}}\n  costs:", 1)
        return policy_from_text(text, "portfolio.yaml")

    one, each = ages("5"), ages("{default: 5, '069500': 30, USD/KRW: '3'}")
    assert [one.prices.max_age_of(name) for name in ("069500", "USD/KRW")] == [5, 5]
    assert [each.prices.max_age_of(name) for name in ("069500", "360750", "USD/KRW")] == [30, 5, 3]
    assert ages("{'069500': 30}").prices.max_age_of("360750") is None
    assert policy_hash(each) == policy_hash(ages("{USD/KRW: 3, '069500': 30, default: 5}"))
    assert len({policy_hash(each), policy_hash(one), policy_hash(ages("{default: 5}"))}) == 3


def test_groups_have_targets_members_and_thresholds_at_both_levels() -> None:
    loaded = policy_from_text(EXTENDED, "x")
    assert loaded.group_targets() == {
        "stocks": Decimal("0.6"),
        "stocks / home": Decimal("0.4"),
        "stocks / abroad": Decimal("0.2"),
        "bonds": Decimal("0.3"),
    }
    assert [asset.code for asset in loaded.group_members()["stocks"]] == ["VTI", "VXUS"]
    assert loaded.group_threshold("stocks") == Decimal("0.03")
    assert loaded.group_threshold("stocks / abroad") == Decimal("0.02")
    assert loaded.group_threshold("stocks / home") == Decimal("0.04"), "the default for groups"
    assert loaded.group_threshold("bonds") == Decimal("0.04")
    with pytest.raises(KeyError):
        loaded.group_threshold("gold")


def test_only_unquoted_codes_that_another_reader_would_change_are_refused() -> None:
    loaded = policy_from_text("portfolio: {allocation: {all: {assets: [{code: 0001A0, target: 1}]}}}", "x")
    assert loaded.assets[0].code == "0001A0"
    assert yaml.safe_load("000660") == 432, "why an unquoted code is never read as it stands"


def test_an_alias_stands_for_its_value() -> None:
    tree = parse_yaml("a: &x [1, '02']\nb: *x\n", "x")
    assert tree.data == {"a": ["1", "02"], "b": ["1", "02"]}
    assert tree.places["b",].line == 2
    assert tree.places["b", 1].quoted


def test_a_tree_knows_where_everything_stands() -> None:
    tree = parse_yaml(_read("en"), "x")
    place = tree.places["portfolio", "allocation", "satellite", "assets", 0, "code"]
    assert (place.line, place.column, place.quoted) == (41, 11, True)
    assert not tree.places["portfolio", "rebalancing", "drift_trigger", "threshold"].quoted
    assert tree.lines["portfolio", "allocation", "satellite", "assets", 0] == 40


# --- what if -----------------------------------------------------------------------------------------------------


@st.composite
def _weights(draw: st.DrawFn) -> dict[str, Decimal]:
    """Six weights of whole basis points that sum to one."""
    cuts = sorted(draw(st.lists(st.integers(0, 10_000), min_size=5, max_size=5)))
    parts = [upper - lower for lower, upper in zip([0, *cuts], [*cuts, 10_000], strict=True)]
    return {code: Decimal(part).scaleb(-4) for code, part in zip("ABCDEF", parts, strict=True)}


@given(_weights(), _weights())
def test_other_targets_keep_every_sum(before: dict[str, Decimal], after: dict[str, Decimal]) -> None:
    def of(weights: dict[str, Decimal]) -> Policy:
        parts = [f"{code} {weights[code] * 100}" for code in "ABCDEF"]
        return policy(f"x / y: {parts[0]}, {parts[1]}; x / z: {parts[2]}; v: {parts[3]}, {parts[4]}, {parts[5]}")

    changed = of(before).with_targets(after)
    assert sum(asset.target for asset in changed.assets) == 1
    assert changed.group_targets() == of(after).group_targets()
    assert changed.allocation["x"].weight == changed.group_targets()["x"]
    assert changed.allocation["x"].groups["y"].weight == changed.group_targets()["x / y"]
    assert policy_hash(changed) == policy_hash(of(after))


def test_a_what_if_of_an_unknown_code_is_refused() -> None:
    with pytest.raises(KeyError, match="Z"):
        policy("A 60, B 40").with_targets({"Z": Decimal(1)})


def test_a_what_if_below_min_is_a_problem() -> None:
    changed = policy("A 60 [50..70], B 40", base_currency="USD").with_targets(
        {"A": Decimal("0.4"), "B": Decimal("0.6")}
    )
    assert [problem.code for problem in policy_problems(changed)] == ["min_above_target"]


# --- hash --------------------------------------------------------------------------------------------------------


def _hash(text: str) -> str:
    return policy_hash(policy_from_text(text, "x"))


def test_the_hash_does_not_see_how_a_policy_is_written() -> None:
    text = _read("en")
    first = _hash(text)
    assert len(first) == 64
    assert first == _hash("# another comment\n" + text.replace("0.35\n", "0.3500\n"))
    assert first == _hash(text.replace("      weight: 0.70\n", "")), "a group's weight is the sum of its targets"
    assert first == _hash(text.replace("[1, 4, 7, 10]", "[10, 7, 4, 1]"))
    assert first == _hash(text.replace("  costs:", "  governance: {approved: 'abc'}\n  costs:"))
    assert first == _hash(text.replace("    strategy:", "    method: full\n    strategy:")), "a default, written out"
    assert first == _hash(json.dumps(yaml.safe_load(text), sort_keys=True)), "JSON is YAML"
    moved = yaml.safe_load(text)
    for group in moved["portfolio"]["allocation"].values():
        group["assets"].reverse()
    assert first == _hash(json.dumps(moved))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("threshold: 0.05", "threshold: 0.051"),
        ("min: 0.30", "min: 0.31"),
        ("'hybrid'", "'threshold'"),
        ("100000", "100001"),
        ("0.00015", "0.00016"),
        ("    satellite:", "    satellites:"),
        ("  costs:", "  accounts: {main: {}, second: {}}\n  costs:"),
        ("  costs:", "  governance: {cooldown_days: 8}\n  costs:"),
        ("    strategy:", "    no_trade_zone: {'360750': [0.3, 0.4]}\n    strategy:"),
    ],
)
def test_the_hash_sees_every_rule(old: str, new: str) -> None:
    assert _hash(_read("en")) != _hash(_read("en").replace(old, new, 1))


def test_the_hash_sees_which_limit_of_a_zone_is_the_lower() -> None:
    zoned = policy("A 60, B 40", no_trade_zone={"A": ("0.5", "0.7")})
    swapped = policy("A 60, B 40", no_trade_zone={"A": ("0.7", "0.5")})
    assert policy_hash(zoned) != policy_hash(swapped)


def test_the_hash_is_the_same_in_every_process() -> None:
    code = (
        "from pathlib import Path; from rebalance_kit.policy.hashing import policy_hash;"
        "from rebalance_kit.policy.loading import load_policy;"
        f"print(policy_hash(load_policy(Path({str(DATA / 'document_000_en.yaml')!r}))))"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == _hash(_read("en"))


# --- schema ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", [_read("ko"), _read("en"), EXTENDED.replace("yes", "true")])
def test_a_good_file_follows_the_schema(text: str) -> None:
    schema = json_schema()
    Draft202012Validator.check_schema(schema)
    assert list(Draft202012Validator(schema).iter_errors(yaml.safe_load(text))) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("'069500'", "000660"),
        ("threshold: 0.05", "treshold: 0.05"),
        ("target: 0.35", "target: 35"),
        ("'hybrid'", "'hybird'"),
        ("100000", "'100,000'"),
        ("[1, 4, 7, 10]", "[1, 4, 7, 13]"),
        ("portfolio:", "Portfolio:"),
    ],
)
def test_an_editor_that_knows_the_schema_sees_the_mistake(old: str, new: str) -> None:
    broken = yaml.safe_load(_read("en").replace(old, new, 1))
    assert list(Draft202012Validator(json_schema()).iter_errors(broken))


def test_numbers_in_quotes_follow_the_schema_too() -> None:
    quoted = yaml.safe_load(_read("en").replace("0.05 #", "'0.05' #").replace("100000", "'100000'"))
    assert list(Draft202012Validator(json_schema()).iter_errors(quoted)) == []


def test_every_key_is_described_in_both_languages() -> None:
    schema = json_schema()
    sections = {name: set(part["properties"]) for name, part in schema["$defs"].items() if "properties" in part}
    described = descriptions()
    assert {name: set(keys) for name, keys in described.items()} == sections
    assert all(set(texts) == {"en", "ko"} for keys in described.values() for texts in keys.values())
    assert "목표 비중" in json.dumps(json_schema("ko"), ensure_ascii=False)


def test_no_null_is_offered_since_none_is_read() -> None:
    assert '"null"' not in json.dumps(json_schema())


# --- listing -----------------------------------------------------------------------------------------------------

LISTING = {
    "360750": "TIGER 미국S&P500",
    "069500": "KODEX 200",
    "305080": "TIGER 미국채10년선물",
    "273130": "KODEX 종합채권(AA-이상)액티브",
    "091230": "TIGER 반도체",
    "305720": "KODEX 2차전지산업",
    "139320": "TIGER 금은선물(H)",
    "319640": "TIGER 골드선물(H)",
}


def test_the_two_wrong_codes_of_document_000_are_flagged() -> None:
    findings = listing_findings(load_policy(DATA / "document_000_ko.yaml"), LISTING)
    assert [(finding.code, finding.rule) for finding in findings] == [
        ("443160", "code_not_listed"),
        ("319640", "code_and_name_disagree"),
    ]
    assert "273130" in findings[0].message.en
    assert "139320" in findings[1].message.ko


def test_names_in_another_script_are_not_judged() -> None:
    findings = listing_findings(load_policy(DATA / "document_000_en.yaml"), LISTING)
    assert {finding.rule for finding in findings} == {"name_not_compared", "code_not_listed"}
    assert all(finding.severity == "info" for finding in findings if finding.rule == "name_not_compared")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("TIGER 미국S&P500", "tiger 미국 S&P 500"),
        ("KBSTAR 200", "RISE 200"),
        ("ARIRANG 고배당주", "PLUS 고배당주"),
        ("KODEX 종합채권(AA-이상)액티브", "KODEX 종합채권（AA-이상）액티브"),
    ],
)
def test_the_same_fund_in_another_spelling_is_the_same(one: str, other: str) -> None:
    assert normal_name(one) == normal_name(other)


def test_a_hedged_fund_is_another_fund() -> None:
    assert normal_name("TIGER 미국S&P500") != normal_name("TIGER 미국S&P500(H)")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp949"])
def test_a_listing_is_read_as_the_exchange_gives_it(encoding: str, tmp_path: Path) -> None:
    file = tmp_path / "listing.csv"
    file.write_bytes("단축코드,한글종목약명,시장\r\n069500,KODEX 200,ETF\r\n".encode(encoding))
    assert read_listing(file) == {"069500": "KODEX 200"}


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "listing_columns"),
        (b"a,b\n1,2\n", "listing_columns"),
        (b"code,name\n1,A\n1,B\n", "listing_two_names"),
        (b"\xff\xff\xff", "listing_unreadable"),
        (None, "listing_unreadable"),
    ],
)
def test_a_listing_that_is_none_is_named(data: bytes | None, code: str, tmp_path: Path) -> None:
    file = tmp_path / "listing.csv"
    if data is not None:
        file.write_bytes(data)
    with pytest.raises(InputError) as caught:
        read_listing(file)
    assert caught.value.code == code
    assert caught.value.exit_code == 2


def test_the_real_listing_knows_document_000() -> None:
    listing = read_listing(shared("korea/krx_etf_listing_2026-08.csv"))
    findings = listing_findings(load_policy(DATA / "document_000_ko.yaml"), listing)
    assert [finding.code for finding in findings] == ["443160", "319640"]


# --- starting quickly --------------------------------------------------------------------------------------------


def test_reading_a_policy_loads_nothing_that_only_mistakes_need() -> None:
    code = (
        "import sys; from pathlib import Path; from rebalance_kit.policy.loading import load_policy;"
        f"load_policy(Path({str(DATA / 'document_000_en.yaml')!r}));"
        "print([name for name in ('pandas', 'numpy', 'jsonschema', 'difflib', 'tomllib',"
        " 'rebalance_kit.policy.explain') if name in sys.modules])"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"
