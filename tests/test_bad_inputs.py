"""Bad inputs by name: each is one sentence of the agreed shape, with its exit code, and nothing is written."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.folders import HOLDINGS, ON, POLICY, PRICES, contents, folder, rebalance, replaced, without

SENTENCE = re.compile(r"[^\n]+: [^\n]+; expected [^\n]+; [^\n]+\.\n")


@dataclass(frozen=True)
class Bad:
    """A bad input. `words` is the command line, in which DIR is the folder; `says` is a pattern of the message."""

    name: str
    says: str
    words: str = f"drift DIR --on {ON}"
    files: dict[str, str | bytes | None] = field(default_factory=dict)
    exit_code: int = 2


def yaml(name: str, says: str, *pairs: tuple[str, str]) -> Bad:
    """The small policy with something replaced in it."""
    return Bad(name, r"portfolio\.yaml.*" + says, files={"portfolio.yaml": replaced(POLICY, pairs)})


def policy_file(name: str, says: str, text: str | bytes | None) -> Bad:
    return Bad(name, r"portfolio\.yaml.*" + says, files={"portfolio.yaml": text})


def held(name: str, says: str, *pairs: tuple[str, str], text: str | bytes | None = None) -> Bad:
    """The small holdings with something replaced, or another text."""
    content = replaced(HOLDINGS, pairs) if pairs else text
    return Bad(name, r"holdings\.csv.*" + says, files={"holdings.csv": content})


def priced(name: str, says: str, *pairs: tuple[str, str], text: str | bytes | None = None) -> Bad:
    content = replaced(PRICES, pairs) if pairs else text
    return Bad(name, r"prices\.csv.*" + says, files={"prices.csv": content})


def said(name: str, says: str, words: str, exit_code: int = 2) -> Bad:
    """A bad command line about the good folder."""
    return Bad(name, says, words, exit_code=exit_code)


BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]\n" for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)

LAST = "        - {ticker: TIGER 반도체, code: '091230', target: 0.30}"

POLICIES = [
    policy_file("no portfolio.yaml", "portfolio", None),
    policy_file("an empty policy", "empty", ""),
    policy_file("only comments", "empty", "# nothing yet\n"),
    policy_file("a list instead of keys", "", "- portfolio\n"),
    policy_file("a tab as indentation", "line 2", "portfolio:\n\tname: x\n"),
    policy_file("an unclosed quote", "", "portfolio:\n  name: 'x\n"),
    policy_file("a YAML bomb", "", BOMB),
    policy_file("bytes that are no text", "", b"\xff\xfe\x00\xd8portfolio"),
    policy_file("two documents", "", POLICY + "---\n" + POLICY),
    policy_file("a Python object in YAML", "", "portfolio: !!python/object/apply:os.system ['true']\n"),
    policy_file("no allocation", "allocation", "portfolio:\n  name: x\n"),
    yaml("a key twice", "name", ("  base_currency: KRW\n", "  name: again\n")),
    yaml("an unknown key", "rebalancing", ("  rebalancing:", "  rebalancng:")),
    yaml("an unquoted code", "069500", ("code: '069500'", "code: 069500")),
    yaml("a code twice", "069500", ("'360750'", "'069500'")),
    yaml("a code of the wrong form", "KODEX", ("'091230'", "'KODEX 200'")),
    yaml("weights that do not sum to one", "0.9", ("weight: 0.30", "weight: 0.20"), (LAST, LAST[:-5] + "0.20}")),
    yaml("a group weight against its assets", "satellite|0.25", ("weight: 0.30", "weight: 0.25")),
    yaml("a minimum above the target", "", ("min: 0.30", "min: 0.45")),
    yaml("a maximum below the target", "", ("max: 0.50", "max: 0.35")),
    yaml("a negative target", "", ("target: 0.40", "target: -0.40")),
    yaml("percent instead of a share", "", ("target: 0.40", "target: 40")),
    yaml("a target that is no number", "abc", ("target: 0.40", "target: abc")),
    yaml("a target of NaN", "", ("target: 0.40", "target: .nan")),
    yaml("an unknown strategy", "hybrid", ("strategy: hybrid", "strategy: hybrd")),
    yaml("a month that does not exist", "13", ("[1, 4, 7, 10]", "[1, 4, 7, 13]")),
    yaml("a negative threshold", "", ("threshold: 0.05", "threshold: -0.05")),
    yaml("a currency that is no currency", "won", ("base_currency: KRW", "base_currency: won")),
    yaml("a group without assets", "", (LAST, ""), ("assets:\n\n", "assets: []\n")),
]  # fmt: skip

TABLES = [
    held("no holdings", "", text=None),
    held("empty holdings", "", text=""),
    held("holdings without a code column", "code", ("code,", "thing,")),
    held("a quantity that is no number", "abc", ("069500,100,", "069500,abc,")),
    held("a negative quantity", "-100", ("069500,100,", "069500,-100,")),
    held("a quantity of NaN", "", ("069500,100,", "069500,nan,")),
    held("a code that lost its zero", "69500", ("069500,", "69500,")),
    held("a negative price", "", ("100,30000", "100,-30000")),
    held("a number with two points", "", ("100,30000", "100,3.000.0")),
    held("more cells than headings", "", ("100,30000", "100,30000,7,7")),
    held("holdings of zero bytes", "", text=b"\x00\x00\x00\x00"),
    held("a portfolio worth nothing", "worth", text="code,quantity,price\n069500,0,30000\n"),
    priced("a day that does not exist", "2026-02-30", ("2026-03-03,069500", "2026-02-30,069500")),
    priced("a price that is no number", "12a", ("069500,31000", "069500,12a")),
    priced("a price of infinity", "", ("069500,31000", "069500,inf")),
    priced("prices without a price column", "", ("code,price,", "code,worth,")),
    Bad("a price of zero", "no price for 069500", exit_code=3, files={"holdings.csv": HOLDINGS.replace("30000", "0")}),
    Bad("a price of zero in prices.csv", "no price for 069500", exit_code=3,
        files={"holdings.csv": HOLDINGS.replace("30000", ""), "prices.csv": PRICES.replace("31000", "0")}),
    Bad("a held asset without a price", "no price for 360750", exit_code=3,
        files={"holdings.csv": HOLDINGS.replace("200,20000", "200,"), "prices.csv": without(PRICES, "360750")}),
]  # fmt: skip

ARGUMENTS = [
    said("a folder that is not there", "nowhere", "drift nowhere"),
    said("a folder of nothing", "portfolio", "drift EMPTY"),
    said("a month 13", "--on.*2026-13-01", "drift DIR --on 2026-13-01"),
    said("30 February", "--on.*2026-02-30", "drift DIR --on 2026-02-30"),
    said("a date the wrong way round", "--on.*expected a date such as", "drift DIR --on 04/03/2026"),
    said("an account nobody has", "nobody", f"drift DIR --on {ON} --account nobody"),
    said("a language that is not spoken", "--language.*expected ko or en", "drift DIR --language fr"),
    said("holdings that are not there", "--holdings.*nowhere.csv", "drift DIR --holdings nowhere.csv"),
    said("a folder as a price file", "--prices", "drift DIR --prices DIR"),
    said("a contribution of letters", "--contribute.*'abc'", "plan DIR --contribute abc"),
    said("groups of two digits", "--contribute.*'1,00,000'", "plan DIR --contribute 1,00,000"),
    said("a negative contribution", "--contribute.*'-5'", "plan DIR --contribute -5"),
    said("a contribution of nothing", "--contribute.*'0'", "plan DIR --contribute 0"),
    said("a contribution of NaN", "--contribute.*'nan'", "plan DIR --contribute nan"),
    said("an exponent", "--contribute.*'1e6'", "plan DIR --contribute 1e6"),
    said("digits of another alphabet", "--contribute", "plan DIR --contribute １００"),
    said("a fraction of a won", "1000.5", f"plan DIR --on {ON} --contribute 1000.5"),
    said("money in and out at once", "contribute.*withdraw|withdraw.*contr", "plan DIR --contribute 5 --withdraw 5"),
    said("a method nobody knows", "--method.*breached_only", "plan DIR --method breached"),
    said("a method without its zone", "zone", f"plan DIR --on {ON} --force --method no_trade_zone", 3),
    said("a cash rule nobody knows", "--cash-rule.*water_filling", "plan DIR --contribute 5 --cash-rule water"),
    said("more than all of it", "--fraction", "plan DIR --fraction 1.5"),
    said("none of it", "--fraction", "plan DIR --fraction 0"),
    said("cash in words", "AMOUNT.*'ten'", "cash DIR ten"),
    said("cash of nothing", "AMOUNT", "cash DIR 0"),
    said("cash without an amount", "AMOUNT is missing", "cash DIR"),
    said("an option nobody knows for cash", "--jsn.*expected --json", "cash DIR 100 --jsn"),
    said("a step nobody knows", "--upto.*sell", "run DIR --upto sel"),
    said("a broker that is not there", "broker: .*expected paper", "run DIR --broker bank"),
    said("an option nobody knows", "--contribut.*--contribute", "plan DIR --contribut 5"),
    said("an option without its value", "--on", "drift DIR --on"),
    said("a command nobody knows", "drfit.*drift", "drfit DIR"),
    said("a command without a folder", "PORTFOLIO is missing", "drift"),
    said("one argument too many", "extra", "drift DIR extra"),
    said("a sample over somebody's files", "", "demo DIR"),
    said("a sample nobody knows", "growth", "demo NEW --sample grwth"),
    said("a check of nothing", "PORTFOLIO is missing", "policy check"),
    said("a policy command nobody knows", "chek.*check", "policy chek DIR"),
]  # fmt: skip

ALL = [*POLICIES, *TABLES, *ARGUMENTS]


def command(bad: Bad, where: Path) -> list[str]:
    places = {"DIR": str(where), "EMPTY": str(where / "empty"), "NEW": str(where / "new")}
    return [places.get(word, word) for word in bad.words.split(" ")]


@pytest.fixture(autouse=True)
def english(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("bad", ALL, ids=lambda bad: bad.name)
def test_a_bad_input_is_one_sentence_and_writes_nothing(bad: Bad, tmp_path: Path) -> None:
    where = folder(tmp_path / "small", bad.files)
    (where / "empty").mkdir()
    before = contents(tmp_path)
    ran = rebalance(*command(bad, where))
    assert ran.code == bad.exit_code, ran.err or ran.out
    assert SENTENCE.fullmatch(ran.err), ran.err
    assert re.search(bad.says, ran.err), ran.err
    assert ran.out == ""
    assert contents(tmp_path) == before


@pytest.mark.parametrize("bad", ALL, ids=lambda bad: bad.name)
def test_with_json_the_same_sentence_is_a_document(bad: Bad, tmp_path: Path) -> None:
    where = folder(tmp_path / "small", bad.files)
    (where / "empty").mkdir()
    words = command(bad, where)
    options = next((i for i, word in enumerate(words) if word.startswith("--")), len(words))
    plain, document = rebalance(*words), rebalance(*words[:options], "--json", *words[options:])
    assert document.code == bad.exit_code
    assert document.err == ""
    assert set(document.document) == {"error"}
    error = document.document["error"]
    assert set(error) == {"code", "message", "where"}
    assert f"{error['message']}\n" == plain.err
    assert error["message"].startswith(error["where"])
    assert re.fullmatch(r"[a-z][a-z0-9_]*", error["code"])


def test_there_are_more_than_forty_of_them_and_each_has_its_own_name() -> None:
    assert len({bad.name for bad in ALL}) == len(ALL) > 40


@pytest.mark.parametrize("bad", ALL, ids=lambda bad: bad.name)
def test_the_sentence_is_there_in_korean_too(bad: Bad, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "ko_KR.UTF-8")
    where = folder(tmp_path / "small", bad.files)
    (where / "empty").mkdir()
    ran = rebalance(*command(bad, where))
    assert re.fullmatch(r"[^\n]+: [^\n]+; 기대한 값: [^\n]+; [^\n]+\.\n", ran.err), ran.err
    assert re.search("[가-힣]", ran.err.split("기대한 값")[0]), ran.err
