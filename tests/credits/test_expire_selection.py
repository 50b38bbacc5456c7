"""Expiry of a selection (Expiry: on one purchase, on a selection, and every night for all)."""

import datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from credits.exceptions import NothingToExpire
from credits.models import AccountRules, CreditsSetup, Purchase
from credits.services.allocate import adjust, allocate
from credits.services.expire_selection import expire_selection
from ledger.models import JournalEntry, LedgerAccount, PostingSetup
from tests.builders import make_account, make_milestone, make_project, make_purchase, make_user, trial_balance
from tests.credits.correcting import agree
from tests.credits.desk import STAFF, Page, sign_in, text
from tests.credits.nights import credits_of

pytestmark = [pytest.mark.django_db, pytest.mark.time_machine("2026-11-24T12:00:00+00:00")]
TODAY = datetime.date(2026, 11, 24)
DAY = datetime.timedelta(days=1)
USD_800 = {"USD": -800, "LCY": -800}


def selection(*lots: Purchase):
    return expire_selection([lot.pk for lot in lots], actor=make_user())


@pytest.fixture
def lots(account):
    """Past its expiry, on its last day, and usable for another year; of two customers."""
    ends = (TODAY - DAY, TODAY, TODAY + 365 * DAY)
    return [
        make_purchase(owner, expires_on=end)
        for owner, end in zip((account, make_account(), account), ends, strict=True)
    ]


def test_each_that_can_expires_and_each_other_says_why(lots):
    """Expiry, by whom: on a selection."""
    past, last_day, usable = lots
    draft = make_purchase(past.account, draft=True)
    done = selection(draft, usable, last_day, past)
    assert [lot.number for lot in done.expired] == [past.number, last_day.number]
    assert [(lot, str(why)) for lot, why in done.refused] == [
        (usable, f"{usable} is usable to 24 Nov 2027: it can expire from 24 Nov 2027 on, not on 24 Nov 2026."),
        (draft, f"{draft} is a draft: nothing of it can expire."),
    ]
    assert [credits_of(lot)[2] for lot in (past, last_day, usable)] == [10, 10, 0]
    assert trial_balance()["4090"] == {"USD": -1600, "LCY": -1600}
    agree()


def test_what_the_books_cannot_take_is_named_and_the_rest_expires(lots):
    past, last_day, _ = lots
    last_day.account.business_group_id = "EXPORT"
    other = make_account()
    type(other).objects.filter(pk=other.pk).update(business_group="EXPORT")
    other.refresh_from_db()
    abroad = make_purchase(other, expires_on=TODAY)
    PostingSetup.objects.filter(business_group="EXPORT").update(breakage=None)
    done = selection(past, abroad)
    assert [lot.pk for lot in done.expired] == [past.pk]
    assert [lot.pk for lot, _ in done.refused] == [abroad.pk] and "no breakage account" in str(done.refused[0][1])
    assert trial_balance()["4090"] == USD_800


def test_not_one_can_is_refused_with_every_reason(lots):
    LedgerAccount.objects.filter(code="4090").update(blocked=True)
    with pytest.raises(NothingToExpire, match=r"None of the purchases can expire.*4090.*usable to 24 Nov 2027"):
        selection(*lots)
    with pytest.raises(NothingToExpire, match="Pick the purchases"):
        selection()
    usable = [make_purchase(lots[0].account, expires_on=TODAY + day * DAY) for day in range(1, 8)]
    with pytest.raises(NothingToExpire, match="And 2 more reasons like these"):
        selection(*usable)


def test_credits_given_back_expire_again(lots, sam):
    """Credits given back to an expired lot expire as a further Expiry row."""
    past, last_day, _ = lots
    milestone = make_milestone(make_project(last_day.account), 4)
    allocate(milestone, actor=sam)
    selection(past, last_day)
    assert credits_of(last_day) == (0, 4, 6)
    adjust(milestone, total=1, actor=sam)
    done = selection(past, last_day)
    assert [lot.pk for lot in done.expired] == [last_day.pk] and "no credits left" in str(done.refused[0][1])
    assert credits_of(last_day) == (0, 1, 9)
    assert JournalEntry.objects.filter(kind="expiry").count() == 3
    agree()


def test_grace_counts_from_its_last_day(lots):
    CreditsSetup.objects.update(grace_period_days=1)
    past, last_day, _ = lots
    done = selection(past, last_day)
    assert [lot.pk for lot in done.expired] == [past.pk] and "can expire from 25 Nov 2026" in str(done.refused[0][1])


def test_as_many_statements_for_one_as_for_thirty(account):
    counts = []
    for number in (1, 1, 30):
        lots = [make_purchase(make_account(), expires_on=TODAY) for _ in range(number)]
        with CaptureQueriesContext(connection) as captured:
            selection(*lots)
        counts.append(len(captured))
    assert counts[1] == counts[2] <= 16  # the first asks once what is kept from then on


class TestPage:
    def url(self, *lots: Purchase) -> str:
        return f"{reverse('credits:purchases-expire')}?" + "&".join(f"purchase={lot.pk}" for lot in lots)

    def test_picked_in_the_list_shown_together_and_confirmed_once(self, staff, lots):
        past, last_day, usable = lots
        AccountRules.objects.create(account=last_day.account, unclaimed_property=True)
        listed = staff.get(reverse("credits:purchase-list")).content.decode()
        assert all(f'name="purchase" value="{lot.pk}" form="picked"' in listed for lot in lots)
        page = Page(staff, self.url(*lots))
        preview = page.shown.context["preview"]
        assert [change.label for change in preview.changes] == [past.number, last_day.number]
        assert [(row.label, "usable to" in row.reason) for row in preview.left_out] == [(usable.number, True)]
        assert {(line.account_code, line.debit, line.credit) for line in preview.postings} == {
            ("2400", 1600, 0), ("4090", 0, 800), ("2460", 0, 800),
        }  # fmt: skip
        assert preview.confirm_label == "Expire 20 credits of 2 purchases, post USD\xa01,600.00"
        assert "under unclaimed-property rules" in preview.warnings[1] and "last usable day" in preview.warnings[0]
        assert "given back to a purchase after its expiry lapse in the next night" in text(page.shown)
        assert page.confirm().url == reverse("credits:purchase-list")
        assert (trial_balance()["4090"], trial_balance()["2460"]) == (USD_800, USD_800)

    def test_what_is_unticked_stays(self, staff, lots):
        past, last_day, _ = lots
        Page(staff, self.url(past, last_day)).fill(purchases=[str(past.pk)]).confirm()
        assert (credits_of(past), credits_of(last_day)) == ((0, 0, 10), (10, 0, 0))

    @pytest.mark.parametrize("query", ["", "?purchase=x", "?purchase=99999999999999999999999", "?purchase=0"])
    def test_nothing_picked_is_said(self, staff, query):
        page = staff.get(reverse("credits:purchases-expire") + query, follow=True)
        assert page.redirect_chain[0][0] == reverse("credits:purchase-list")
        assert "Pick the purchases to expire" in text(page)

    def test_without_the_permission_there_is_no_tick(self, client, lots):
        sign_in(client, *(each for each in STAFF if each != "credits.expire_purchases"))
        assert 'form="picked"' not in client.get(reverse("credits:purchase-list")).content.decode()
        assert client.get(self.url(*lots)).status_code == 403

    def test_of_one_purchase_it_says_who_is_owed_what_lapses(self, staff, lots):
        past, _, _ = lots
        AccountRules.objects.create(account=past.account, unclaimed_property=True)
        page = Page(staff, reverse("credits:purchase-expire", args=[past.pk]))
        assert [line.account_code for line in page.shown.context["preview"].postings] == ["2400", "2460"]
        assert "keeps a claim on what expires" in text(page.shown)
