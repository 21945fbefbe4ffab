"""Bad policies by name: each is one sentence with the file, the line, what is wrong and what to write; exit code 2."""

from __future__ import annotations

from contextlib import suppress
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rebalance_kit.errors import KitError, PolicyError
from rebalance_kit.policy.consistency import require_consistent
from rebalance_kit.policy.loading import load_policy, policy_from_text
from rebalance_kit.policy.text_file import decode
from tests.make import policy

GOOD = (Path(__file__).parent / "data" / "document_000_en.yaml").read_text(encoding="utf-8")

# name: (text of the good policy, what it becomes, error code, line, something that the message must say)
EDITS: dict[str, tuple[str, str, str, int, str]] = {
    "a code with a leading zero": ("'069500'", "069500", "unquoted_code", 22, "`code: '069500'`"),
    "a code that is octal": ("'069500'", "000660", "unquoted_code", 22, "`code: '000660'`"),
    "a code that is an integer": ("'305080'", "305080", "unquoted_code", 27, "`code: '305080'`"),
    "a code that is a float": ("'069500'", "1E5", "unquoted_code", 22, "`code: '1E5'`"),
    "a code that is hexadecimal": ("'069500'", "0x1F40", "unquoted_code", 22, "`code: '0x1F40'`"),
    "a code in base sixty": ("'069500'", "12:30:45", "unquoted_code", 22, "`code: '12:30:45'`"),
    "a code that is true": ("'069500'", "ON", "unquoted_code", 22, "`code: 'ON'`"),
    "a code that is false": ("'069500'", "NO", "unquoted_code", 22, "`code: 'NO'`"),
    "a code that is null": ("'069500'", "NULL", "unquoted_code", 22, "`code: 'NULL'`"),
    "a code that is yes": ("'069500'", "Y", "unquoted_code", 22, "`code: 'Y'`"),
    "a code that is a word": ("'069500'", "TRUE", "unquoted_code", 22, "`code: 'TRUE'`"),
    "an identical code without quotes": (
        "target: 0.35",
        "identical_to: [379800]\n          target: 0.35",
        "unquoted_code",
        18,
        "'379800'",
    ),
    "a proxy without quotes": (
        "  costs:",
        "  prices: {proxy: {069500: 'A069500'}}\n  costs:",
        "unquoted_code",
        72,
        "'069500'",
    ),
    "an age by a code without quotes": (
        "  costs:",
        "  prices: {max_age: {069500: 5}}\n  costs:",
        "unquoted_code",
        72,
        "'069500'",
    ),
    "an age that is a word": (
        "  costs:",
        "  prices: {max_age: soon}\n  costs:",
        "not_a_whole_number",
        72,
        "max_age is 'soon'",
    ),
    "an age by a code that is a word": (
        "  costs:",
        "  prices:\n    max_age:\n      default: 5\n      '069500': soon\n  costs:",
        "not_a_whole_number",
        75,
        "069500 is 'soon'",
    ),
    "an age below zero": ("  costs:", "  prices: {max_age: {default: -1}}\n  costs:", "out_of_range", 72, "0 or more"),
    "an age for an unknown code": (
        "  costs:",
        "  prices: {max_age: {'999999': 5}}\n  costs:",
        "unknown_code",
        72,
        "999999",
    ),
    "a gap to the NAV of nothing": (
        "  costs:",
        "  prices: {max_nav_gap: 0}\n  costs:",
        "out_of_range",
        72,
        "more than 0",
    ),
    "a code that lost its zero": ("'069500'", "'69500'", "bad_code", 22, "`code: '069500'`"),
    "a code in small letters": ("'069500'", "'0001a0'", "bad_code", 22, "`code: '0001A0'`"),
    "an American code at home in Korea": ("'069500'", "'VOO'", "bad_code", 22, "XNYS"),
    "a code in full-width digits": ("'069500'", "'０６９５００'", "bad_code", 22, "6 or 7 characters"),
    "the word for cash as a code": (
        "code: '069500'",
        "code: 'CASH'\n          exchange: XNYS",
        "cash_as_asset",
        22,
        "rebalancing.cash.target",
    ),
    "the same code twice": ("'305080'", "'069500'", "duplicate_code", 27, "line 22"),
    "the same code in two groups": ("'091230'", "'360750'", "duplicate_code", 41, "line 17"),
    "a key twice": ("target: 0.15", "target: 0.15\n          target: 0.15", "duplicate_key", 24, "line 23"),
    "a group twice": ("    satellite:", "    core:", "duplicate_key", 37, "line 13"),
    "a misspelt key": ("threshold: 0.05", "treshold: 0.05", "unknown_key", 64, "`threshold`"),
    "a misspelt key that was needed": ("target: 0.35", "taget: 0.35", "unknown_key", 18, "`target`"),
    "a misspelt section": ("  rebalancing:", "  rebalancng:", "unknown_key", 57, "`rebalancing`"),
    "a key in the wrong section": (
        "    strategy:",
        "    min_trade_amount: 1\n    strategy:",
        "unknown_key",
        58,
        "portfolio.rebalancing.constraints",
    ),
    "a key beside the portfolio": ("portfolio:", "version: 1\nportfolio:", "unknown_key", 5, "portfolio"),
    "a key that nothing resembles": ("  owner:", "  xyzzy:", "unknown_key", 7, "base_currency"),
    "an asset without a code": ("          code: '069500'\n", "", "missing_key", 21, "code"),
    "an asset without a target": ("          target: 0.35\n", "", "missing_key", 16, "target"),
    "no portfolio section": ("portfolio:", "Portfolio:", "no_portfolio_section", 5, "`portfolio:`"),
    "targets that sum to less": ("0.35\n", "0.34\n", "targets_do_not_sum_to_one", 12, "0.99, 0.01 too little"),
    "targets that sum to more": ("0.35\n", "0.36\n", "targets_do_not_sum_to_one", 12, "1.01, 0.01 too much"),
    "targets almost one": ("0.35\n", "0.3499999999\n", "targets_do_not_sum_to_one", 12, "0.0000000001 too little"),
    "targets with cash beside them": (
        "    strategy: 'hybrid'",
        "    cash: {target: 0.05}",
        "targets_do_not_sum_to_one",
        12,
        "cash.target sum to 1.05",
    ),
    "min above target": ("min: 0.30", "min: 0.36", "min_above_target", 19, "0.35 or less"),
    "max below target": ("max: 0.40", "max: 0.34", "max_below_target", 20, "0.35 or more"),
    "a group's weight against its assets": ("weight: 0.70", "weight: 0.60", "group_weight", 14, "`weight: 0.7`"),
    "an empty group": ("    satellite:", "    extra: {}\n    satellite:", "empty_group", 37, "'extra'"),
    "a group name with the separator": ("    core:", "    core / a:", "group_name", 13, "'core / a'"),
    "a weight in per cent": ("target: 0.35", "target: 35", "percent_for_share", 18, "target: 0.35"),
    "a weight with a per cent sign": ("target: 0.35", "target: 35%", "percent_for_share", 18, "target: 0.35"),
    "a threshold in per cent": ("threshold: 0.05", "threshold: 5", "percent_for_share", 64, "threshold: 0.05"),
    "a rate with a per cent sign": ("0.00015", "0.015%", "percent_for_share", 73, "0.00015"),
    "a rate with an exponent": ("0.00015", "1.5e-4", "not_a_number", 73, "0.00015"),
    "a negative weight": ("target: 0.35", "target: -0.35", "out_of_range", 18, "0 or more"),
    "a weight that is no number": ("target: 0.35", "target: .nan", "not_a_number", 18, "'.nan'"),
    "a weight with a decimal comma": ("target: 0.35", "target: 0,35", "not_a_number", 18, "0,35"),
    "an amount with separators": ("100000", "100,000", "not_a_number", 67, "write 100000"),
    "an amount with a unit": ("100000", "10만원", "not_a_number", 67, "'10만원'"),
    "a negative amount": ("100000", "-1", "out_of_range", 67, "0 or more"),
    "no orders at all": ("min_trade_amount: 100000", "max_orders: 0", "out_of_range", 67, "1 or more"),
    "half an order": ("min_trade_amount: 100000", "max_orders: 1.5", "not_a_whole_number", 67, "whole number"),
    "neither true nor false": ("dates: true", "dates: maybe", "not_true_or_false", 68, "true or false"),
    "a threshold of nothing": ("threshold: 0.05", "threshold: 0", "threshold_zero", 64, "strategy: calendar"),
    "a turnover of nothing": ("min_trade_amount: 100000", "max_turnover: 0", "max_turnover_zero", 67, "above 0"),
    "a misspelt strategy": ("'hybrid'", "'hybird'", "unknown_word", 58, "strategy: hybrid"),
    "a strategy without its zone": ("'hybrid'", "'no_trade_zone'", "zone_missing", 58, "rebalancing.no_trade_zone"),
    "a method without its zone": ("strategy: 'hybrid'", "method: no_trade_zone", "zone_missing", 58, "another method"),
    "a zone of an unknown code": (
        "strategy: 'hybrid'",
        "no_trade_zone: {'999999': [0.1, 0.2]}",
        "unknown_code",
        58,
        "999999",
    ),
    "a zone upside down": (
        "strategy: 'hybrid'",
        "no_trade_zone: {'360750': [0.4, 0.3]}",
        "zone_limits",
        58,
        "begins at 0.4 and ends at 0.3",
    ),
    "a zone with one limit": (
        "strategy: 'hybrid'",
        "no_trade_zone: {'360750': [0.4]}",
        "bad_value",
        58,
        "[lower, upper]",
    ),
    "a proxy for an unknown code": (
        "  costs:",
        "  prices: {proxy: {'999999': '360750'}}\n  costs:",
        "unknown_code",
        72,
        "999999",
    ),
    "quarterly in three months": ("[1, 4, 7, 10]", "[1, 4, 7]", "months", 61, "[1, 4, 7, 10]"),
    "a month twice": ("[1, 4, 7, 10]", "[1, 4, 7, 10, 10]", "months", 61, "twice"),
    "a thirteenth month": ("[1, 4, 7, 10]", "[1, 4, 7, 13]", "out_of_range", 61, "12 or less"),
    "a month that is no list": ("[1, 4, 7, 10]", "1", "wrong_kind", 61, "a list"),
    "two frequencies": (
        "frequency: 'quarterly'",
        "frequency: monthly\n      every_months: 2",
        "two_frequencies",
        61,
        "line 60",
    ),
    "an unknown currency": ("'KRW'", "'WON'", "unknown_currency", 8, "KRW"),
    "a currency in small letters": ("'KRW'", "'krw'", "unknown_currency", 8, "capital letters"),
    "a won asset in dollars": (
        "target: 0.35",
        "exchange: XKRX\n          currency: USD\n          target: 0.35",
        "exchange_and_currency",
        19,
        "KRW",
    ),
    "an unknown language": ("  owner:", "  language: jp\n  owner:", "unknown_word", 7, "en, ko"),
    "an unknown account": ("target: 0.35", "accounts: [isa]\n          target: 0.35", "unknown_account", 18, "(main)"),
    "an account that is text": ("  owner:", "  accounts: {main: isa}\n  owner:", "wrong_kind", 7, "section"),
    "its own replacement": ("target: 0.35", "replacement: '360750'\n          target: 0.35", "own_code", 18, "itself"),
    "a list for a section": ("  costs:", "  tax: [KR]\n  costs:", "wrong_kind", 72, "a list"),
    "text for a section": ("  costs:", "  tax: KR\n  costs:", "wrong_kind", 72, "section"),
    "a section for text": ("owner: 'youngjukim'", "owner: {name: x}", "wrong_kind", 7, "a single value"),
    "a key without a value": ("threshold: 0.05", "threshold:", "empty_value", 64, "threshold"),
    "a key whose value is null": ("threshold: 0.05", "threshold: null", "empty_value", 64, "threshold"),
    "a tab": ("      weight: 0.70", "\tweight: 0.70", "tab_in_indentation", 14, "spaces"),
    "a python object": ("'069500'", "!!python/object/apply:os.system [ls]", "yaml_tag", 22, "python/object"),
    "a merge key": ("      weight: 0.70", "      <<: {weight: 0.70}", "merge_key", 14, "<<"),
    "an alias of nothing": ("0.35\n", "*target\n", "unknown_alias", 18, "*target"),
    "a list as a key": ("      weight: 0.70", "      [a]: 1", "key_is_not_text", 14, "key"),
    "a bracket left open": ("[1, 4, 7, 10]", "[1, 4, 7, 10", "not_yaml", 62, "indentation"),
    "a quote left open": ("'hybrid'", "'hybrid", "not_yaml", 60, "quotes"),
    "a second document": ("  # Cost settings", "---\n", "several_documents", 71, "file of its own"),
    "a control character": ("Growth", "Growth\x07", "control_character", 6, "U+0007"),
}


def _fails(text: str, source: str = "portfolio.yaml") -> PolicyError:
    with pytest.raises(PolicyError) as caught:
        policy_from_text(text, source)
    return caught.value


def _is_one_sentence(error: KitError) -> None:
    for message in (str(error), error.message("ko")):
        assert "\n" not in message
        assert message.endswith(".")
        assert "Traceback" not in message
        assert "pydantic" not in message
    assert "; expected " in str(error)
    assert "; 기대한 값: " in error.message("ko")


@pytest.mark.parametrize("name", EDITS)
def test_a_bad_policy_is_named(name: str, tmp_path: Path) -> None:
    old, new, code, line, said = EDITS[name]
    assert old in GOOD
    file = tmp_path / "portfolio.yaml"
    file.write_text(GOOD.replace(old, new, 1), encoding="utf-8")

    with pytest.raises(PolicyError) as caught:
        load_policy(tmp_path)

    error = caught.value
    assert error.code == code
    assert str(error).startswith(f"{file}, line {line}: ")
    assert error.message("ko").startswith(f"{file} {line}행: ")
    assert said in str(error)
    assert error.exit_code == 2
    _is_one_sentence(error)
    for another in error.more:
        _is_one_sentence(another)
    assert [path.name for path in tmp_path.iterdir()] == ["portfolio.yaml"], "nothing is written"


BYTES: dict[str, tuple[bytes, str, str]] = {
    "an empty file": (b"", "file_empty", "line 1: the file is empty"),
    "only comments": (b"# portfolio:\n", "file_empty", "line 1: the file is empty"),
    "UTF-16": (GOOD.encode("utf-16"), "not_utf8", "UTF-16"),
    "UTF-16 without a mark": (GOOD.encode("utf-16-le"), "not_utf8", "line 1: byte 2 of the file is zero"),
    "UTF-32": (GOOD.encode("utf-32"), "not_utf8", "UTF-32"),
    "CP949": (
        GOOD.replace("Growth", "성장형").encode("cp949"),
        "not_utf8",
        f"line 6: byte {GOOD.index('Growth') + 1} of the file is not UTF-8 (it looks like CP949)",
    ),
    "Latin-1": (GOOD.replace("Growth", "Croissancé").encode("latin-1"), "not_utf8", "line 6"),
    "a zero byte": (GOOD.replace("hybrid", "hy\0brid").encode(), "not_utf8", "line 58"),
    "a megabyte": (b"#" * 1_000_001, "file_too_large", "1 MB"),
    "a list": (b"- portfolio\n", "no_portfolio_section", "a list"),
    "a text": (b"portfolio\n", "no_portfolio_section", "the text 'portfolio'"),
    "nothing in the portfolio": (b"portfolio:\n", "empty_value", "portfolio has no value"),
    "no allocation": (b"portfolio: {name: x}\n", "missing_key", "allocation"),
    "an empty allocation": (b"portfolio: {allocation: {}}\n", "empty_section", "allocation is empty"),
    "a hundred brackets": (b"portfolio: " + b"[" * 100 + b"]" * 100, "too_deep", "20 levels"),
    "an open bracket for ever": (b"[" * 10_000, "too_deep", "20 levels"),
    "an alias of itself": (b"a: &a [*a]", "unknown_alias", "*a"),
    "an escape beyond Unicode": (b'a: "\\UFFFFFFFF"', "not_yaml", "line 1"),
    "a million laughs": (
        b"a: &a [x, x, x, x, x, x, x, x, x, x]\n"
        + b"".join(b"%c: &%c [%s]\n" % (n, n, b", ".join([b"*%c" % (n - 1)] * 10)) for n in range(98, 110)),
        "too_many_values",
        "20,000",
    ),
}


@pytest.mark.parametrize("name", BYTES)
def test_a_file_that_is_no_policy_is_named(name: str, tmp_path: Path) -> None:
    data, code, said = BYTES[name]
    file = tmp_path / "portfolio.yaml"
    file.write_bytes(data)

    with pytest.raises(PolicyError) as caught:
        load_policy(file)

    assert caught.value.code == code
    assert said in str(caught.value)
    assert str(caught.value).startswith(str(file))
    assert caught.value.exit_code == 2
    _is_one_sentence(caught.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    for path in (tmp_path / "nowhere", tmp_path, Path("a\0b")):
        with pytest.raises(PolicyError) as caught:
            load_policy(path)
        assert caught.value.code in ("file_missing", "file_unreadable")
        assert caught.value.exit_code == 2
        _is_one_sentence(caught.value)


def test_a_folder_whose_policy_has_another_name_says_which(tmp_path: Path) -> None:
    (tmp_path / "portfolio_config.yaml").write_text(GOOD, encoding="utf-8")
    with pytest.raises(PolicyError, match=r"rename portfolio_config\.yaml to portfolio\.yaml"):
        load_policy(tmp_path)


def test_a_folder_in_place_of_the_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "portfolio.yaml").mkdir()
    with pytest.raises(PolicyError) as caught:
        load_policy(tmp_path)
    assert caught.value.code == "file_missing"
    assert "not a file" in str(caught.value)


def test_every_mistake_is_kept_and_the_first_line_speaks() -> None:
    text = GOOD.replace("target: 0.35", "target: 35").replace("'hybrid'", "'hybird'").replace("'069500'", "069500")
    error = _fails(text)
    assert error.code == "percent_for_share"
    assert str(error).endswith("(2 more problems in line 22, 58).")
    assert error.message("ko").endswith("(22, 58행에 문제 2개 더 있음).")
    assert [another.code for another in error.more] == ["unquoted_code", "unknown_word"]


def test_percent_and_share_in_one_file_is_refused() -> None:
    error = _fails(GOOD.replace("0.15\n", "15\n"))
    assert error.code == "percent_for_share"
    assert "0.15" in str(error)


def test_a_what_if_that_does_not_hold_together_is_refused() -> None:
    changed = policy("A 60, B 40").with_targets({"A": Decimal("0.5")})
    with pytest.raises(PolicyError, match=r"^targets, portfolio\.allocation: the targets sum to 0\.9"):
        require_consistent(changed, "targets")


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=300))
def test_random_text_is_refused_in_one_sentence(text: str) -> None:
    _is_one_sentence(_fails(text, "fuzz"))


@settings(max_examples=300, deadline=None)
@given(
    st.integers(0, len(GOOD) - 1),
    st.integers(0, 12),
    st.text(alphabet="'\"[]{}:-#&*!|>%@`~<>?,=\n\t 0123456789aeE.xκ가", max_size=6),
)
def test_a_damaged_policy_is_read_or_refused(start: int, cut: int, insert: str) -> None:
    with suppress(PolicyError):
        policy_from_text(GOOD[:start] + insert + GOOD[start + cut :], "fuzz")


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200))
def test_random_bytes_are_refused_in_one_sentence(data: bytes) -> None:
    with pytest.raises(PolicyError) as caught:
        policy_from_text(decode(data, "fuzz"), "fuzz")
    _is_one_sentence(caught.value)
