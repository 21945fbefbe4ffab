"""The bill of materials: complete, the same every time, and the audit that says when it could not look."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterable
from email.message import Message
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import Any

import pytest

from rebalance_kit.sbom import sbom
from tests.folders import rebalance

ROOT = Path(__file__).parents[1]


class Part(Distribution):
    """A distribution that only has metadata."""

    def __init__(self, name: str, version: str = "1.0", asks: Iterable[str] = (), **more: str) -> None:
        self.about = Message()
        for key, value in {"Name": name, "Version": version, **more}.items():
            self.about[key.replace("_", "-")] = value
        for line in asks:
            self.about["Requires-Dist"] = line

    @property
    def metadata(self) -> Any:
        return self.about

    def read_text(self, filename: str) -> str | None:
        return self.about.as_string() if filename == "METADATA" else None

    def locate_file(self, path: Any) -> Any:
        return Path(path)


PARTS = [
    Part("rebalance-kit", asks=["A_b>=1", "c; python_version < '3'", "d; extra == 'test'"], License_Expression="MIT"),
    Part("A.B", "2.1+local", asks=["e"], Classifier="License :: OSI Approved :: BSD License"),
    Part("c", License="Apache 2.0"),
    Part("d", License="A licence whose whole text\nstands here " + "x" * 200),
    Part("e", asks=["not-installed", "a-b"]),
]


def test_what_is_needed_what_is_not_and_what_asks_for_what() -> None:
    made = sbom(PARTS)
    assert (made["bomFormat"], made["specVersion"], made["version"]) == ("CycloneDX", "1.6", 1)
    assert made["metadata"]["component"]["purl"] == "pkg:pypi/rebalance-kit@1.0"
    rows = {row["name"]: row for row in made["components"]}
    assert {name: row["scope"] for name, row in rows.items()} == {
        "A.B": "required", "c": "optional", "d": "optional", "e": "required",
    }  # fmt: skip
    assert rows["A.B"]["purl"] == "pkg:pypi/a-b@2.1%2Blocal"
    asks = {row["ref"]: row["dependsOn"] for row in made["dependencies"]}
    assert asks["pkg:pypi/rebalance-kit@1.0"] == ["pkg:pypi/a-b@2.1%2Blocal"]
    assert asks["pkg:pypi/e@1.0"] == ["pkg:pypi/a-b@2.1%2Blocal"]


def test_a_licence_is_the_expression_the_classifier_or_a_short_name() -> None:
    made = sbom(PARTS)
    assert made["metadata"]["component"]["licenses"] == [{"expression": "MIT"}]
    rows = {row["name"]: row.get("licenses") for row in made["components"]}
    assert rows == {
        "A.B": [{"license": {"name": "BSD License"}}], "c": [{"license": {"name": "Apache 2.0"}}], "d": None, "e": None,
    }  # fmt: skip


def test_the_command_prints_every_installed_package_and_the_same_again(tmp_path: Path) -> None:
    ran = rebalance("sbom")
    assert (ran.code, ran.err) == (0, "")
    assert rebalance("sbom", "--to", tmp_path / "sbom.json").code == 0
    assert json.loads((tmp_path / "sbom.json").read_text(encoding="utf-8")) == ran.document
    names = {row["name"] for row in ran.document["components"]}
    assert names == {part.name for part in distributions()} - {"rebalance-kit"}
    refs = [ran.document["metadata"]["component"]["bom-ref"], *(row["bom-ref"] for row in ran.document["components"])]
    assert len(set(refs)) == len(refs)
    assert {row["ref"] for row in ran.document["dependencies"]} == set(refs)
    assert re.fullmatch(r"urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", ran.document["serialNumber"])
    scopes = {row["name"]: row["scope"] for row in ran.document["components"]}
    assert (scopes["httpx"], scopes["pytest"]) == ("required", "optional")
    assert str(ROOT) not in ran.out  # it names no place of this computer


@pytest.mark.parametrize(
    ("says", "code", "expected", "last"),
    [
        ("No known vulnerabilities found", 0, 0, "No known vulnerabilities found"),
        ("Found 2 known vulnerabilities in 1 package", 1, 1, "Found 2 known vulnerabilities"),
        ("requests.exceptions.ConnectionError: no route", 1, 0, "Not audited: the advisories could not be reached."),
    ],
)
def test_an_audit_fails_for_what_it_found_and_not_for_what_it_could_not_reach(
    tmp_path: Path, says: str, code: int, expected: int, last: str
) -> None:
    if not (ROOT / ".venv" / "bin" / "python").exists():
        pytest.skip("the audit is of .venv")
    stub = tmp_path / "pip-audit"
    stub.write_text(f"#!/bin/sh\necho '{says}' >&2\nexit {code}\n")
    stub.chmod(0o755)
    done = subprocess.run(
        [ROOT / ".ci" / "audit"], env=os.environ | {"PIP_AUDIT": str(stub)}, capture_output=True, text=True, check=False
    )
    assert done.returncode == expected
    assert last in done.stdout
