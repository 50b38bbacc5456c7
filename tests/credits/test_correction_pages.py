"""Cancel and refund, reinstate, and their approval in the browser (Expiry and Permissions)."""

import datetime
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from credits.models import Correction, Purchase
from credits.services.corrections import request_refund
from credits.services.expire import expire_purchase
from ledger.models import JournalEntry, PostingSetup
from tests.builders import make_account, make_purchase, make_rate, make_user, trial_balance
from tests.credits.correcting import estimated, refunded, reinstated, used
from tests.credits.desk import STAFF, Page, errors, sign_in, text
from tests.credits.nights import credits_of

pytestmark = [pytest.mark.django_db, pytest.mark.time_machine("2026-11-24T12:00:00+00:00")]
TODAY = datetime.date(2026, 11, 24)
SEEING = ("credits.view_correction", "ledger.view_changelogentry")


@pytest.fixture
def staff(staff):
    sign_in(staff, *STAFF, *SEEING)
    return staff


@pytest.fixture
def boss(account):
    """A browser of somebody who approves."""
    client = Client()
    sign_in(
        client, "credits.approve_correction", *SEEING, "credits.view_purchase", "ledger.view_journalentry", name="boss"
    )
    return client


def ask(purchase: Purchase, credits: int = 6, kept: str = "0", by: str = "dana") -> Correction:
    asker = make_user(by)
    return request_refund(purchase, credits=credits, kept_percent=Decimal(kept), reason="They leave", actor=asker)


def url(name: str, thing) -> str:
    return reverse(f"credits:{name}", args=[thing.pk])


def posted(preview) -> list[tuple]:
    return [(line.account_code, line.debit, line.credit) for line in preview.postings]


class TestAsking:
    def test_a_refund_shows_what_its_approval_would_post_and_posts_nothing(self, staff, boss, lot):
        used(lot, 4)
        page = Page(staff, url("purchase-refund", lot))
        assert page.data["credits"] == "6" or page.data["credits"] == 6
        page.fill(kept_percent="10", reason="They leave")
        preview = page.preview()
        assert posted(preview) == [("2400", 480, 0), ("2450", 0, 432), ("4090", 0, 48)]
        assert "somebody else approves it" in preview.posted_later
        assert [(row.before, row.after) for row in preview.changes] == [
            ("", "waiting for approval"), ("6 available", "0 available"), ("", "USD\xa0432.00"),
        ]  # fmt: skip
        assert preview.confirm_label == "Ask for approval of USD\xa0480.00"
        before = trial_balance()
        done = page.confirm()
        correction = Correction.objects.get()
        assert done.url == correction.get_absolute_url()
        assert (correction.state, correction.credits, correction.kept_percent) == ("requested", 6, 10)
        assert (trial_balance(), credits_of(lot)) == (before, (6, 4, 0))

    def test_a_reinstatement_likewise(self, staff, boss, account):
        lot = make_purchase(account, expires_on=TODAY)
        expire_purchase(lot, actor=make_user())
        preview = (
            (page := Page(staff, url("purchase-reinstate", lot)))
            .fill(new_expires_on="2027-06-30", reason="Agreed")
            .preview()
        )
        assert posted(preview) == [("2400", 0, 800), ("4090", 800, 0)]
        assert [(row.before, row.after) for row in preview.changes][1:] == [
            ("0 available", "10 available"), ("24 Nov 2026", "30 Jun 2027"),
        ]  # fmt: skip
        page.confirm()
        assert Correction.objects.get().kind == "reinstatement" and credits_of(lot) == (0, 0, 10)

    def test_where_nobody_else_may_approve_it_says_so(self, staff, lot):
        preview = Page(staff, url("purchase-refund", lot)).fill(reason="They leave").preview()
        assert "Nobody else may approve" in preview.warnings[0] and preview.postings == []

    def test_what_the_books_could_not_take_is_said_before_anybody_decides(self, staff, boss, company):
        make_rate("GBP", "1.2711", starting_on=datetime.date(2026, 11, 1))
        lot = make_purchase(make_account(currency="GBP"))
        PostingSetup.objects.update(refund=None)
        preview = Page(staff, url("purchase-refund", lot)).fill(reason="They leave").preview()
        assert (
            "As things stand it cannot be approved" in preview.warnings[0]
            and "no refund account" in preview.warnings[0]
        )

    @pytest.mark.parametrize(
        ("typed", "field", "said"),
        [
            ({"credits": "11"}, "credits", "has 10 available"),
            ({"credits": "1.5"}, "credits", "is not a whole number"),
            ({"kept_percent": "101"}, "kept_percent", "no share to keep"),
            ({"reason": ""}, "reason", "required"),
            ({"reason": "   "}, "reason", "required"),
        ],
    )
    def test_refused_at_its_field(self, staff, lot, typed, field, said):
        response = Page(staff, url("purchase-refund", lot)).fill(**({"reason": "They leave"} | typed)).confirm()
        assert said in errors(response)[field][0] and not Correction.objects.exists()

    def test_each_disabled_action_has_its_reason(self, staff, account, lot):
        draft, spent = make_purchase(account, draft=True), make_purchase(account, expires_on=TODAY)
        expire_purchase(spent, actor=make_user())
        asked = make_purchase(account)
        ask(asked)
        reasons = {}
        for name, each in {"draft": draft, "spent": spent, "whole": lot, "asked": asked}.items():
            actions = staff.get(each.get_absolute_url()).context["menu_actions"]
            found = {action.label: action.disabled_reason for action in actions}
            reasons[name] = found["Cancel and refund"], found["Reinstate"]
        nothing = "No credits of {} have expired: there is nothing to reinstate."
        assert reasons == {
            "draft": (f"{draft} is a draft: nothing was paid for it yet. Edit or delete it.", nothing.format(draft)),
            "spent": (f"{spent} has no credits left: all are allocated, refunded or expired already.", ""),
            "whole": ("", nothing.format(lot)),
            "asked": (
                f"Cancellation and refund of {asked} waits for approval already. Decide it first.", nothing.format(asked),
            ),
        }  # fmt: skip


class TestDeciding:
    def test_approving_shows_lots_and_lines_and_repeats_the_sum(self, boss, lot):
        correction = ask(lot, kept="10")
        page = Page(boss, url("correction-approve", correction))
        preview = page.shown.context["preview"]
        assert posted(preview) == [("2400", 480, 0), ("2450", 0, 432), ("4090", 0, 48)]
        assert preview.confirm_label == "Approve, post USD\xa0480.00"
        assert page.confirm().url == correction.get_absolute_url()
        correction.refresh_from_db()
        assert (correction.state, correction.decided_by.username, credits_of(lot)[0]) == ("approved", "boss", 4)
        shown = text(boss.get(correction.get_absolute_url()))
        for words in (
            "USD 432.00",
            "USD 48.00",
            "10 % of what was paid",
            "They leave",
            "dana",
            "boss",
            "6 services credits",
        ):
            assert words in shown, words

    def test_nobody_approves_what_they_asked_for(self, boss, lot):
        """Permissions, approve: never what one asked for."""
        correction = ask(lot, by="boss")
        shown = boss.get(correction.get_absolute_url())
        assert shown.context["primary_action"].disabled_reason == (
            "You asked for the cancellation and refund: another person approves it."
        )
        page = boss.get(url("correction-approve", correction))
        assert "another person approves it" in text(page) and page.context.get("preview") is None
        boss.post(url("correction-approve", correction), {"fingerprint": ""})
        correction.refresh_from_db()
        assert correction.state == "requested" and not JournalEntry.objects.filter(kind="refund").exists()

    def test_what_changed_since_it_was_shown_is_shown_anew(self, boss, lot):
        correction = ask(lot)
        page = Page(boss, url("correction-approve", correction))
        seen = page.shown.context["preview"].fingerprint
        used(lot, 2)
        again = boss.post(page.url, page.data | {"fingerprint": seen})
        assert "Something changed in between" in text(again) and credits_of(lot) == (8, 2, 0)

    def test_declined_with_a_note_and_withdrawn_by_whoever_asked(self, boss, staff, account, lot):
        declined, withdrawn = ask(lot), ask(make_purchase(account))
        assert "required" in errors(Page(boss, url("correction-decline", declined)).confirm())["note"][0]
        Page(boss, url("correction-decline", declined)).fill(note="They stay").confirm()
        Page(staff, url("correction-withdraw", withdrawn)).confirm()
        assert list(Correction.objects.order_by("id").values_list("state", "decision_note")) == [
            ("declined", "They stay"), ("withdrawn", ""),
        ]  # fmt: skip
        assert staff.get(declined.get_absolute_url()).context["menu_actions"][0].label == "Change log"

    def test_others_requests_are_not_withdrawn(self, staff, lot):
        correction = ask(lot, by="other")
        assert "who asked for it, withdraws it" in text(staff.get(url("correction-withdraw", correction)))

    @pytest.mark.parametrize("name", ["approve", "decline", "withdraw"])
    def test_a_decided_one_says_so(self, boss, staff, lot, name):
        correction = refunded(lot, 1)
        sign_in(staff, "credits.approve_correction")
        shown = text(staff.get(url(f"correction-{name}", correction)))
        assert "is approved: nothing was done again" in shown or name == "decline"


class TestReading:
    def test_the_list_narrows_by_state_kind_and_customer_and_exports(self, staff, account, lot):
        mine, other = ask(lot), make_purchase(make_account("Another"))
        refunded(other, 2)
        listing = reverse("credits:correction-list")
        found = {query: staff.get(listing + query).context["count"] for query in (
            "", "?state=requested", "?state=approved", "?kind=reinstatement", f"?account={account.number}",
            f"?purchase={other.number}", "?requested_at_after=2999-01-01",
        )}  # fmt: skip
        assert list(found.values()) == [2, 1, 1, 0, 1, 1, 0]
        export = text(staff.get(listing, {"export": "csv"}))
        assert mine.reason in export and "160.00" in export

    def test_as_many_queries_for_one_row_as_for_ten(self, staff):
        counts = []
        for number in (1, 9):
            for _ in range(number):
                refunded(make_purchase(make_account()), 1)
            with CaptureQueriesContext(connection) as captured:
                staff.get(reverse("credits:correction-list"))
            counts.append(len(captured))
        assert counts[0] == counts[1]

    def test_home_says_what_waits_for_others_than_whoever_asked(self, boss, lot, account):
        ask(lot)
        ask(make_purchase(account), by="boss")
        shown = text(boss.get(reverse("home")))
        assert "1 correction waits for your approval" in shown and f"refund of {lot}" in shown

    def test_the_purchase_tells_what_waits_what_was_refunded_and_who_did_it(self, staff, account, lot):
        refunded(lot, 3)
        ask(lot, 2)
        shown = text(staff.get(lot.get_absolute_url()))
        for words in ("3 refunded", "of 2 credits waits for approval", "7 available"):
            assert words in shown, words
        history = text(staff.get(lot.get_absolute_url(), {"tab": "history"}))
        kind = "Cancellation and refund"
        for words in (f"{kind} asked for", f"{kind} approved", "3 credits. They leave", "approver"):
            assert words in history, words

    def test_the_purchase_tells_what_is_recognised_ahead(self, staff, account):
        estimated("20")
        lot = make_purchase(account)
        used(lot, 4)
        shown = text(staff.get(lot.get_absolute_url()))
        assert "Expected to stay unused 20 %" in shown and "Recognised ahead USD 80.00" in shown

    def test_reinstated_is_no_expiry_in_the_history(self, staff, account):
        lot = make_purchase(account, expires_on=TODAY)
        expire_purchase(lot, actor=make_user())
        reinstated(lot, TODAY)
        events = staff.get(lot.get_absolute_url(), {"tab": "history"}).context["events"]
        assert {(event.what, event.note) for event in events} >= {
            ("Expired", "10 credits"),
            ("Reinstated", "10 credits"),
        }
