"""The index of rules and their proofs leads to tests that exist."""

import re
from pathlib import Path

INDEX = Path(__file__).with_name("README.md")


def test_every_test_of_the_index_exists():
    named = re.findall(r"`([\w/]+\.py)::(\w+)`", INDEX.read_text(encoding="utf-8"))
    assert len(named) > 100
    texts = {file: (INDEX.parents[1] / file).read_text(encoding="utf-8") for file, _ in named}
    assert [f"{file}::{name}" for file, name in named if f"def {name}(" not in texts[file]] == []
