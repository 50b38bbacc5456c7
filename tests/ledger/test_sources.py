"""The registry of pages behind the keys of the books."""

import pytest

from ledger import sources
from ledger.sources import Source, find, register, source_of, sources_of


@pytest.fixture(autouse=True)
def empty(monkeypatch):
    monkeypatch.setattr(sources, "_resolvers", {})
    monkeypatch.setattr(sources, "_finders", {})


def test_the_longest_prefix_answers():
    register("credits:", lambda key: ("Short", "/short/"))
    register("credits:expiry:", lambda key: ("Long", "/long/"))
    assert source_of("credits:17") == Source("Short", "/short/")
    assert source_of("credits:expiry:17") == Source("Long", "/long/")


def test_what_nobody_knows_and_what_is_gone_have_no_page():
    register("purchase:", lambda key: None)
    assert source_of("purchase:17") is None
    assert source_of("other:17") is None
    assert sources_of(["", "purchase:1"]) == {}


def test_all_keys_of_a_kind_are_asked_for_at_once_and_each_once():
    asked = []
    register("account:", many=lambda keys: asked.append(keys) or {"account:1": ("One", "/1/")})
    found = sources_of(["account:1", "account:2", "account:1", ""])
    assert found == {"account:1": Source("One", "/1/")}
    assert asked == [["account:1", "account:2"]]


def test_a_registration_without_a_resolver_is_a_mistake():
    with pytest.raises(TypeError):
        register("account:")


def test_names_are_found_by_whoever_knows_them():
    register("account:", lambda key: None, find=lambda text: [f"account:{text}"])
    register("lot:", lambda key: None)
    assert find("harbour") == ["account:harbour"]
