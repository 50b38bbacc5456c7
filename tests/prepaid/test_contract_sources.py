"""From the books to contracts: what is behind the entries and lots of deferrals, and where they are corrected."""

import pytest
from django.urls import reverse

from ledger.models import JournalEntry
from ledger.sources import find, source_of, sources_of
from prepaid.sections.journal import correct_entry
from tests.prepaid.contract_events import contracts

pytestmark = pytest.mark.django_db


@pytest.fixture
def made(company, finance):
    return contracts(actor=finance)


def test_releases_and_lots_lead_to_the_deferral(made):
    first, year = made.year.lines.first(), made.year
    undone = f"contract-release:{made.year.lines.get(line_no=2).pk}:{made.undone.pk}:undone"
    page = (f"CD-{year.pk:06d} of {year.contract}", reverse("prepaid:deferral", args=[year.pk]))
    assert sources_of([first.event_key, undone, year.lot]) == dict.fromkeys([first.event_key, undone, year.lot], page)
    assert source_of("contract-release:0:1") is None
    assert source_of("contract:0") is None
    assert JournalEntry.objects.filter(event_key__in=[first.event_key, undone]).count() == 2


def test_the_journal_is_searched_for_contracts(made):
    made.year.contract.description = "House of Orange"
    made.year.contract.save()
    assert find("of orange") == [made.year.lot]
    assert made.quarter.lot in find(made.quarter.contract.number)


def test_a_release_is_taken_back_with_its_run_and_what_was_taken_back_is_released_anew(made, rf):
    part = made.year.lines.get(line_no=2)
    released = JournalEntry.objects.get(event_key=part.event_key)
    before = JournalEntry.objects.get(event_key=f"contract-release:{part.pk}:{made.undone.pk}")
    back = JournalEntry.objects.get(event_key=f"{before.event_key}:undone")
    action = correct_entry(rf.get("/"), released)
    assert (action.label, action.url, action.disabled_reason) == (
        f"Take back {part.run}", reverse("prepaid:release-run-undo", args=[part.run_id]), "",
    )  # fmt: skip
    assert "taken back" in correct_entry(rf.get("/"), before).disabled_reason
    again = correct_entry(rf.get("/"), back)
    assert again.url.startswith(reverse("prepaid:release"))
    assert made.year.contract.number in again.url


def test_the_page_of_an_entry_shows_both(made, client, finance):
    finance.is_superuser = True
    finance.save()
    client.force_login(finance)
    entry = JournalEntry.objects.get(event_key=made.year.lines.first().event_key)
    page = client.get(reverse("ledger:entry", args=[entry.pk])).content.decode()
    assert "Contract_release" not in page
    assert "Contract release" in page
    assert made.year.get_absolute_url() in page
    assert f"Take back {made.year.lines.first().run}" in page
