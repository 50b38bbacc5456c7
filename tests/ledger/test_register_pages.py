"""The register in the browser: seals, the way to their entries, and where an entry stands in it."""

import datetime

import pytest
from django.urls import reverse

from ledger.models import JournalSeal
from ledger.services.seals import seal_journal
from pages import formats
from tests.builders import make_entry
from tests.credits.desk import text

pytestmark = [pytest.mark.django_db, pytest.mark.time_machine("2026-11-24T12:00:00+00:00")]
VIEW = "ledger.view_journalentry"
REGISTER = reverse("ledger:register")


@pytest.fixture
def page(signed_in):
    return signed_in(VIEW)


def seal(*keys: str, day: int) -> JournalSeal:
    for key in keys:
        make_entry(key)
    seal_journal(datetime.date(2026, 11, day))
    return JournalSeal.objects.first()


def day_of(seal: JournalSeal) -> str:
    """By the clock of the database."""
    return formats.day(seal.sealed_at.date())


def test_before_the_first_seal_it_says_what_makes_one(page):
    assert "Nothing is sealed yet." in text(page.get(REGISTER))


def test_seals_newest_first_with_hash_positions_and_the_way_to_their_entries(page):
    first, second = seal("a", "b", day=20), seal("c", day=21)
    shown = page.get(REGISTER)
    assert [row.record for row in shown.context["table"].paginated_rows] == [second, first]
    said = text(shown)
    assert said.index("21 Nov 2026") < said.index("20 Nov 2026")
    assert f"Seal 1 20 Nov 2026 {day_of(first)}, {first.sealed_at:%H:%M} 2 1 to 2 {first.hash}" in said
    assert f'<code class="text-break">{second.hash}</code>' in shown.content.decode()
    (link,) = {f"{reverse('ledger:journal')}?seal=1"} & set(shown.content.decode().split('"'))
    entries = page.get(link).context["table"].paginated_rows
    assert [row.record.event_key for row in entries] == ["b", "a"]


def test_it_is_exported_with_both_hashes(page):
    first, second = seal("a", "b", day=20), seal("c", day=21)
    rows = b"".join(page.get(f"{REGISTER}?export=csv").streaming_content).decode().splitlines()
    assert rows[0] == "Seal,Night of,Sealed,Entries,Positions,Hash,Last position,Hash before"
    assert [row.split(",")[5:] for row in rows[1:]] == [[second.hash, "3", first.hash], [first.hash, "2", ""]]


def test_an_entry_says_where_it_stands_or_that_it_waits(page):
    sealed = seal("a", day=20)
    waiting = make_entry("b")
    entry = sealed.entries.get().entry
    shown = page.get(reverse("ledger:entry", args=[entry.pk]))
    assert f"Register No. 1 , sealed in seal 1 on {day_of(sealed)}" in text(shown)
    assert f'href="{REGISTER}?number=1"' in shown.content.decode()
    assert "Not sealed yet" in text(page.get(reverse("ledger:entry", args=[waiting.pk])))


def test_the_journal_leads_to_it(page):
    assert f'href="{REGISTER}"' in page.get(reverse("ledger:journal")).content.decode()


def test_the_number_of_queries_is_the_same_for_any_number_of_seals(page, django_assert_max_num_queries):
    for day in range(1, 21):
        seal(f"e:{day}", day=day)
        if day in (1, 10, 20):
            with django_assert_max_num_queries(10):
                page.get(REGISTER)
