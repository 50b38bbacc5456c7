"""The index of rules and their proofs leads to tests that exist, and is open about the rest."""

import re
from pathlib import Path

INDEX = Path(__file__).with_name("README.md")


def test_every_test_of_the_index_exists():
    named = re.findall(r"`([\w/]+\.py)::(\w+)`", INDEX.read_text(encoding="utf-8"))
    assert len(named) > 100
    texts = {file: (INDEX.parents[1] / file).read_text(encoding="utf-8") for file, _ in named}
    assert [f"{file}::{name}" for file, name in named if f"def {name}(" not in texts[file]] == []


def test_every_rule_has_a_test_or_says_that_it_is_open():
    rows = re.findall(r"^\| ([^*|][^|]*) \| ([^|]*) \|$", INDEX.read_text(encoding="utf-8"), re.MULTILINE)[1:]
    assert len(rows) > 70
    assert [rule for rule, proof in rows if "::" not in proof and proof != "open"] == []
