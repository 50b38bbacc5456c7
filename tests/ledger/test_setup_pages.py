"""General ledger setup, posting setup and number series: the service, what it refuses, and the pages."""

import datetime
import threading
import time

import pytest
from django.db import connection, transaction
from django.urls import reverse

from ledger.exceptions import BadSeries, LcyFixed, PostingRangeReversed, PrefixRunsOn, SeriesFixed, UnknownTimeZone
from ledger.models import ChangeLogEntry, Currency, LedgerAccount, LedgerSetup, NumberSeries, PostingSetup
from ledger.reports.posting_setup import posting_matrix
from ledger.services.numbers import Series, next_numbers
from ledger.services.posting import first_open_day
from ledger.services.setup import SetupTerms, set_ledger_setup, set_number_series
from pages.sending import as_data
from tests.builders import make_entry, make_user
from tests.credits.desk import text
from tests.racing import at_once, split

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("company")]
D = datetime.date
CHANGE, VIEW = "ledger.change_ledgersetup", "ledger.view_ledgersetup"
FORM = {
    "company_name": "Lot & Sons", "time_zone": "UTC", "lcy": "USD", "groups_from": "sell_to", "exchange_difference": "6100",
}  # fmt: skip


def address(name, *args, **query):
    return reverse(f"ledger:{name}", args=args, query=query or None)


def terms(**changes) -> SetupTerms:
    usual = {
        "company_name": "Lot & Sons",
        "lcy": Currency.objects.get(code="USD"),
        "time_zone": "UTC",
        "exchange_difference": LedgerAccount.objects.get(code="6100"),
    }
    return SetupTerms(**usual | changes)


def confirm(client, url, data):
    shown = client.post(url, data, headers={"HX-Request": "true"}).context["preview"]
    return client.post(url, data | {"fingerprint": shown.fingerprint})


# The service.


def test_the_setup_is_changed_and_the_change_is_signed():
    sam = make_user()
    set_ledger_setup(terms(posting_from=D(2026, 11, 1), groups_from="bill_to"), actor=sam)
    setup = LedgerSetup.objects.get()
    assert (setup.posting_from, setup.posting_to, setup.groups_from) == (D(2026, 11, 1), None, "bill_to")
    logged = ChangeLogEntry.objects.filter(table="ledger_ledgersetup").first()
    assert (logged.actor, logged.action, logged.changes.keys()) == (
        sam, "Change general ledger setup", {"posting_from", "groups_from"},
    )  # fmt: skip


def test_the_setup_is_filled_in_where_there_is_none():
    LedgerSetup.objects.all().delete()
    assert set_ledger_setup(terms(time_zone="Asia/Tokyo"), actor=None).pk == 1
    assert LedgerSetup.objects.get().time_zone == "Asia/Tokyo"


def test_the_lcy_is_changed_until_anything_is_posted_and_then_fixed():
    euro, pound = Currency.objects.get(code="EUR"), Currency.objects.get(code="GBP")
    assert set_ledger_setup(terms(lcy=euro), actor=None).lcy == euro
    make_entry(currency="EUR")
    with pytest.raises(LcyFixed, match=r"The local currency stays EUR: amounts are posted in it\."):
        set_ledger_setup(terms(lcy=pound), actor=None)
    assert set_ledger_setup(terms(lcy=euro, company_name="New"), actor=None).company_name == "New"


@pytest.mark.parametrize(
    ("changes", "refusal", "sentence"),
    [
        ({"time_zone": "Mars/Base"}, UnknownTimeZone, "“Mars/Base” is not a time zone; write it as in Europe/Berlin."),
        (
            {"posting_from": D(2026, 11, 2), "posting_to": D(2026, 11, 1)},
            PostingRangeReversed,
            "Posting cannot be allowed from 2 Nov 2026 to 1 Nov 2026: the last day is before the first.",
        ),
    ],
)
def test_what_no_setup_can_say_is_refused_and_nothing_is_written(changes, refusal, sentence):
    with pytest.raises(refusal, match=sentence):
        set_ledger_setup(terms(company_name="Other", **changes), actor=None)
    assert LedgerSetup.objects.get().company_name == "Lot & Sons"


def wait_for(count: int) -> None:
    """Until so many wait for the lock of the periods."""
    for _ in range(200):
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
            if cursor.fetchone()[0] >= count:
                return
        time.sleep(1 / 20)
    raise AssertionError(f"fewer than {count} wait")


@pytest.mark.django_db(transaction=True)
def test_the_service_and_an_update_of_the_row_wait_for_the_periods_in_one_order():
    under_way = threading.Event()

    @transaction.atomic
    def a_posting():
        first_open_day(D(2026, 11, 2))
        under_way.set()
        wait_for(2)

    def an_update():
        under_way.wait(10)
        LedgerSetup.objects.update(posting_to=D(2026, 11, 30))

    def the_service():
        wait_for(1)
        set_ledger_setup(terms(posting_from=D(2026, 11, 1)), actor=None)

    assert split(at_once([a_posting, an_update, the_service])) == (3, [])
    setup = LedgerSetup.objects.get()
    assert (setup.posting_from, setup.posting_to) == (D(2026, 11, 1), None)


# Its pages.


def test_whoever_views_sees_the_setup_and_whoever_may_changes_it(signed_in):
    shown = signed_in(VIEW).get(address("setup"))
    assert "Lot & Sons" in text(shown) and "USD US dollar" in text(shown)
    assert address("setup-edit") not in shown.content.decode()
    assert signed_in(VIEW).get(address("setup-edit")).status_code == 403
    assert address("setup-edit") in signed_in(VIEW, CHANGE).get(address("setup")).content.decode()


def test_an_empty_setup_says_what_to_do(signed_in):
    LedgerSetup.objects.all().delete()
    page = signed_in(VIEW, CHANGE)
    assert "Nothing can be posted before" in text(page.get(address("setup")))
    confirm(page, address("setup-edit"), FORM | {"company_name": "First"})
    assert LedgerSetup.objects.get().company_name == "First"


def test_the_preview_shows_what_changes_and_warns(signed_in, time_machine):
    time_machine.move_to(datetime.datetime(2026, 11, 24, tzinfo=datetime.UTC))
    page = signed_in(VIEW, CHANGE)
    data = FORM | {"time_zone": "Europe/Berlin", "posting_to": "2026-11-23", "groups_from": "bill_to"}
    shown = page.post(address("setup-edit"), data, headers={"HX-Request": "true"}).context["preview"]
    assert [(change.label, change.before, change.after) for change in shown.changes] == [
        ("Time zone", "UTC", "Europe/Berlin"),
        ("Posting allowed to", "", "23 Nov 2026"),
        ("Business posting group from", "The customer sold to", "The customer billed"),
    ]
    assert [warning.split(",")[0] for warning in shown.warnings] == [
        "With another time zone",
        "What happens after 23 Nov 2026",
    ]
    assert LedgerSetup.objects.get().time_zone == "UTC"
    assert page.post(address("setup-edit"), data | {"fingerprint": shown.fingerprint}).url == address("setup")
    assert LedgerSetup.objects.get().posting_to == D(2026, 11, 23)


def test_a_setup_changed_meanwhile_is_shown_anew_and_not_written(signed_in):
    page = signed_in(VIEW, CHANGE)
    data = FORM | {"company_name": "Mine"}
    seen = page.post(address("setup-edit"), data, headers={"HX-Request": "true"}).context["preview"].fingerprint
    LedgerSetup.objects.update(company_name="Theirs")
    assert page.post(address("setup-edit"), data | {"fingerprint": seen}).context["stale"]
    assert LedgerSetup.objects.get().company_name == "Theirs"


def test_the_lcy_is_locked_with_its_reason_once_anything_is_posted(signed_in):
    make_entry()
    page = signed_in(VIEW, CHANGE)
    assert "Amounts are posted in it: it is fixed." in text(page.get(address("setup-edit")))
    confirm(page, address("setup-edit"), FORM | {"lcy": "EUR", "company_name": "New"})
    assert LedgerSetup.objects.values_list("lcy", "company_name").get() == ("USD", "New")


def test_a_refusal_is_said_and_keeps_what_was_typed(signed_in):
    page = signed_in(VIEW, CHANGE)
    data = FORM | {"posting_from": "2026-11-02", "posting_to": "2026-11-01", "company_name": "Typed"}
    looked = page.post(address("setup-edit"), data, headers={"HX-Request": "true"})
    assert "the last day is before the first" in text(looked)
    sent = page.post(address("setup-edit"), data | {"fingerprint": "x"})
    assert sent.context["form"].errors["posting_to"] and "Typed" in sent.content.decode()
    assert "is not a time zone" in text(page.post(address("setup-edit"), FORM | {"time_zone": "Mars/Base"}))


def test_the_account_of_exchange_differences_is_shown_changed_and_missed(signed_in):
    """Posting rule 11c: a refund at another rate than that of the purchase needs it."""
    page = signed_in(VIEW, CHANGE, "ledger.view_ledgeraccount")
    assert "Exchange difference 6100 FX gains and losses" in text(page.get(address("setup")))
    shown = page.post(address("setup-edit"), FORM | {"exchange_difference": "4095"}, headers={"HX-Request": "true"})
    [change] = shown.context["preview"].changes
    assert (change.label, change.before, change.after) == (
        "Exchange difference account", "6100 FX gains and losses", "4095 Revenue reductions",
    )  # fmt: skip
    confirm(page, address("setup-edit"), FORM | {"exchange_difference": ""})
    assert LedgerSetup.objects.get().exchange_difference is None
    assert "Exchange difference Missing" in text(page.get(address("setup")))


def test_a_blocked_account_is_offered_where_it_is_chosen_already_and_nowhere_else(signed_in):
    LedgerAccount.objects.filter(code__in=["6100", "4095"]).update(blocked=True)
    offered = signed_in(VIEW, CHANGE).get(address("setup-edit")).context["form"].fields["exchange_difference"].queryset
    assert set(offered.filter(code__in=["6100", "4095"]).values_list("code", flat=True)) == {"6100"}


def test_the_address_is_typed_kept_and_shown(signed_in):
    page = signed_in(VIEW, CHANGE)
    confirm(page, address("setup-edit"), FORM | {"address": "Quay 1\r\nHarbour"})
    assert LedgerSetup.objects.get().address.split() == ["Quay", "1", "Harbour"]
    assert "Address Quay 1 Harbour Printed on documents." in text(page.get(address("setup")))


# The posting setup.


def test_the_accounts_for_refunds_and_unclaimed_property_are_typed_and_kept(signed_in):
    """Posting rules 8c and 11 need them."""
    page = signed_in("ledger.change_postingsetup", "ledger.view_postingsetup")
    shown = page.get(address("posting-setup-edit", business="EXPORT", product="CREDITS"))
    assert "Refund liability" in text(shown) and "Unclaimed property" in text(shown)
    untouched = as_data(shown.context["form"])
    page.post(address("posting-setup-edit", business="EXPORT", product="CREDITS"), untouched | {"refund": "2410"})
    cell = PostingSetup.objects.get(business_group="EXPORT", product_group="CREDITS")
    assert (cell.refund_id, cell.unclaimed_id, cell.sales_id) == ("2410", "2460", "4000")


def test_a_combination_is_blocked_on_its_page_and_shown_as_such(signed_in):
    page = signed_in("ledger.change_postingsetup", "ledger.view_postingsetup")
    cell, before = {"business": "EXPORT", "product": "CREDITS"}, posting_matrix().missing
    form = {"receivable": "1100", "deferral": "2400", "sales": "", "breakage": "", "refund": "2450", "unclaimed": "2460",
            "blocked": "on"}  # fmt: skip
    page.post(address("posting-setup-edit", **cell), form)
    assert PostingSetup.objects.get(business_group="EXPORT", product_group="CREDITS").blocked
    assert "Blocked takes no posting" in text(page.get(address("posting-setup")))
    assert posting_matrix().missing == before  # a blocked combination misses nothing
    page.post(address("posting-setup-edit", **cell), form | {"blocked": ""})
    assert not PostingSetup.objects.get(business_group="EXPORT", product_group="CREDITS").blocked
    assert posting_matrix().missing == before + 2


# Number series.


def test_a_series_keeps_its_count_and_writes_its_next_numbers_anew():
    series = Series("SCP", "SCP-", "Purchases")
    assert next_numbers(series, 2) == ["SCP-000001", "SCP-000002"]
    sam = make_user()
    set_number_series(NumberSeries.objects.get(code="SCP"), description="Lots", prefix="L/", digits=4, actor=sam)
    assert next_numbers(series, 1) == ["L/0003"]
    logged = ChangeLogEntry.objects.filter(table="ledger_numberseries").first()
    assert (logged.actor, logged.action, logged.changes["prefix"]) == (sam, "Change number series", ["SCP-", "L/"])


@pytest.mark.parametrize("digits", [0, 11])
def test_digits_that_do_not_fit_are_refused(digits):
    next_numbers(Series("SCP", "SCP-", "Purchases"), 1)
    series = NumberSeries.objects.get(code="SCP")
    with pytest.raises(BadSeries, match=f"A number has 1 to 10 digits, not {digits}."):
        set_number_series(series, description="Lots", prefix="L", digits=digits, actor=None)


def test_a_prefix_that_ends_in_a_digit_is_refused_at_its_field(signed_in):
    next_numbers(Series("SCP", "SCP-", "Purchases"), 1)
    series = NumberSeries.objects.get(code="SCP")
    sentence = "The prefix MJ26 ends in a digit and would run into the number behind it."
    with pytest.raises(PrefixRunsOn, match=sentence):
        set_number_series(series, description="Lots", prefix="MJ26", digits=6, actor=None)
    page = signed_in("ledger.view_numberseries", "ledger.change_numberseries")
    typed = {"description": "Lots", "prefix": "MJ26", "digits": "6"}
    answer = page.post(address("number-series-edit", "SCP"), typed)
    assert sentence in answer.context["form"].errors["prefix"][0]
    assert NumberSeries.objects.get(code="SCP").prefix == "SCP-"
    set_number_series(series, description="Lots", prefix="26/", digits=6, actor=None)


def test_the_series_of_the_register_is_shown_and_stays(signed_in):
    register = NumberSeries.objects.create(
        code="REGISTER", description="Sealed", prefix="REG-", digits=9, last_number=7
    )
    with pytest.raises(SeriesFixed):
        set_number_series(register, description="Mine", prefix="X", digits=3, actor=None)
    page = signed_in("ledger.view_numberseries", "ledger.change_numberseries")
    listed = text(page.get(address("number-series")))
    assert "REG-000000008" in listed
    assert "REGISTER counts the sealed entries of the journal: it stays as it is." in listed
    assert page.get(address("number-series-edit", "REGISTER")).status_code == 409


def test_a_series_is_changed_on_its_page_and_only_with_the_right(signed_in):
    next_numbers(Series("SCP", "SCP-", "Purchases"), 3)
    url = address("number-series-edit", "SCP")
    assert signed_in("ledger.view_numberseries").get(url).status_code == 403
    page = signed_in("ledger.view_numberseries", "ledger.change_numberseries")
    assert "SCP-000004" in text(page.get(address("number-series")))
    assert "the database refuses the second" in text(page.get(url))
    assert "1 to 10 digits" in text(page.post(url, {"description": "Lots", "prefix": "L", "digits": "11"}))
    assert page.post(url, {"description": "Lots", "prefix": "L-", "digits": "5"}).url == address("number-series")
    assert NumberSeries.objects.values_list("prefix", "digits", "last_number").get(code="SCP") == ("L-", 5, 3)
