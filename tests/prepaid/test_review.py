"""Residuals for review: approved by somebody else, one or several; closed by themselves; dismissed; in the browser."""

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse

from ledger.models import JournalEntry, PostingSetup
from prepaid.exceptions import AlreadyDecided, NothingToExpire, OwnRequest
from prepaid.models import DissolutionProposal, PrepaidEntry, PrepaidSetup
from prepaid.services.expire import expire_residuals
from prepaid.services.manual import request_entry
from prepaid.services.review import approve_dissolutions, dismiss_dissolution
from tests.builders import make_account, make_user, trial_balance
from tests.credits.desk import Page, errors, sign_in, text
from tests.prepaid.selling import TODAY, make_service, top_up
from tests.prepaid.test_expire_services import DAY, LAST, at, lapsed, night
from tests.prepaid.test_manual_entries import MINUS, PLUS, terms

pytestmark = pytest.mark.django_db
SEEING = ("prepaid.view_prepaidservice", "prepaid.view_prepaidentry", "prepaid.view_dissolutionproposal")
AFTER = LAST + DAY


@pytest.fixture
def controller(company):
    return make_user("controller")


@pytest.fixture
def lapsing(account, finance):
    PrepaidSetup.objects.update(post_manual_dissolution=False, post_automatic_dissolution=False)
    service = make_service(account, actor=finance, valid_until_formula="1M")
    top_up(service, "100.00", actor=finance)
    return service


@pytest.fixture
def other(lapsing, finance):
    service = make_service(make_account("Quay & Co"), actor=finance, valid_until_formula="1M")
    top_up(service, "40.00", actor=finance)
    return service


def states() -> list[str]:
    return list(DissolutionProposal.objects.order_by("id").values_list("state", flat=True))


def proposed() -> list[DissolutionProposal]:
    return list(DissolutionProposal.objects.order_by("id"))


def test_approval_expires_exactly_what_was_picked(lapsing, other, finance, controller):
    with at(AFTER):
        night(AFTER)
        first, second = proposed()
        done = approve_dissolutions([second], actor=controller)
        assert ([row.pk for row in done.posted], states()) == ([second.pk], ["requested", "posted"])
        assert lapsed() == [(AFTER, -40, 0)]
        assert trial_balance()["4090"]["USD"] == -40
        assert PrepaidEntry.objects.get(entry_type="dissolution").created_by == controller
        night(AFTER)
        assert len(states()) == 2  # what waits is not proposed again, nor posted
        with pytest.raises(AlreadyDecided):
            approve_dissolutions([first, second], actor=controller)
        assert states() == ["requested", "posted"]
        approve_dissolutions([first], actor=controller)
        assert "2410" not in trial_balance()
        with pytest.raises(NothingToExpire):
            approve_dissolutions([], actor=controller)


def test_nobody_approves_what_they_proposed_by_hand(lapsing, finance, controller):
    with at(AFTER):
        expire_residuals([lapsing], actor=finance)
        with pytest.raises(OwnRequest):
            approve_dissolutions(proposed(), actor=finance)
        assert (states(), JournalEntry.objects.filter(kind="prepaid_expiry").count()) == (["requested"], 0)
        with pytest.raises(NothingToExpire, match="waits for review already"):
            expire_residuals([lapsing], actor=finance)
        PrepaidSetup.objects.update(post_manual_dissolution=True, post_automatic_dissolution=True)
        night(AFTER)
        assert states() == ["requested"]  # the setup of today does not decide what waits
        approve_dissolutions(proposed(), actor=controller)
        assert lapsed() == [(AFTER, -100, 0)]


def test_what_was_taken_out_by_hand_meanwhile_is_closed_by_itself(lapsing, other, finance, controller):
    """A back-dated Negative Adjmt. takes what could be used on its day."""
    with at(AFTER):
        night(AFTER)
        request_entry(lapsing, terms(MINUS, "60.00", on=LAST), actor=finance)
        assert states() == ["requested", "requested"]
        request_entry(lapsing, terms(MINUS, "40.00", on=LAST), actor=finance)
        assert states() == ["withdrawn", "requested"]
        request_entry(other, terms(MINUS, "15.00", on=LAST), actor=finance)
        approve_dissolutions(proposed()[1:], actor=controller)
        assert lapsed() == [(AFTER, -25, 0)]


def test_what_the_books_cannot_take_waits_on(lapsing, other, finance, controller):
    with at(AFTER):
        request_entry(other, terms(PLUS, "5", group="CREDITS", on=TODAY), actor=finance)
        night(AFTER)
        PostingSetup.objects.filter(product_group="PREPAID").update(blocked=True)
        with pytest.raises(Exception, match="blocks business group DOMESTIC with product group PREPAID"):
            approve_dissolutions(proposed()[:1], actor=controller)
        done = approve_dissolutions(proposed(), actor=controller)
        assert (len(done.posted), len(done.stay), states().count("requested")) == (1, 2, 2)
        PostingSetup.objects.filter(product_group="PREPAID").update(blocked=False)
        approve_dissolutions(done.stay, actor=controller)
        assert "2410" not in trial_balance()


def test_dismissed_it_stays_unusable_and_is_proposed_by_the_next_expiry(lapsing, finance, controller):
    with at(AFTER):
        expire_residuals([lapsing], actor=finance)
        assert dismiss_dissolution(proposed()[0], actor=controller).state == "declined"
        with pytest.raises(AlreadyDecided):
            dismiss_dissolution(proposed()[0], actor=controller)
        assert lapsed() == []
        night(AFTER)
        assert states() == ["declined", "requested"]
        assert dismiss_dissolution(proposed()[1], actor=controller).state == "declined"
        expire_residuals([lapsing], actor=finance)
        assert dismiss_dissolution(proposed()[2], actor=finance).state == "withdrawn"


def test_the_database_holds_it_as_well(lapsing, finance):
    def sql(statement: str, *values) -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement, values)

    with at(AFTER):
        expire_residuals([lapsing], actor=finance)
        (row,) = proposed()
        insert = (
            "INSERT INTO prepaid_dissolutionproposal (inflow_id, proposed_on, by_night, state, decided_at) "
            "VALUES (%s, '2026-12-24', false, %s, {})"
        )
        with pytest.raises(IntegrityError, match="dissolution_proposed_once"):
            sql(insert.format("NULL"), row.inflow_id, "requested")
        with pytest.raises(IntegrityError, match="begins undecided"):
            sql(insert.format("now()"), row.inflow_id, "posted")
        with pytest.raises(IntegrityError, match="dissolution_decided_by_someone"):
            sql(insert.format("now()"), row.inflow_id, "requested")
        with pytest.raises(IntegrityError, match="decided once"):
            sql("UPDATE prepaid_dissolutionproposal SET inflow_id = inflow_id + 1 WHERE id = %s", row.pk)
        with pytest.raises(IntegrityError, match="decided once"):
            sql("DELETE FROM prepaid_dissolutionproposal WHERE id = %s", row.pk)


def browser(*permissions: str, name: str) -> Client:
    client = Client()
    sign_in(client, *SEEING, *permissions, name=name)
    return client


class TestPages:
    def url(self, name: str, *args) -> str:
        return reverse(f"prepaid:{name}", args=args)

    def test_expiry_of_one_service_shows_what_lapses_and_what_is_posted(self, lapsing):
        PrepaidSetup.objects.update(post_manual_dissolution=True)
        url = self.url("service-expire", lapsing.pk)
        with at(AFTER):
            staff = browser("prepaid.expire_residuals", name="finance")
            page = Page(staff, url)
            assert str(page.data["on"]) == str(LAST)
            refused = page.fill(on=str(AFTER)).confirm()
            assert "25 Dec 2026 has not passed" in errors(refused)[""][0]
            preview = page.fill(on=str(LAST)).preview()
            assert [(row.before, row.after) for row in preview.changes] == [("USD\xa0100.00 left", "lapsed")]
            assert "valid until 24 Dec 2026" in preview.changes[0].note
            assert [(line.account_code, line.debit, line.credit) for line in preview.postings] == [
                ("2410", 100, 0),
                ("4090", 0, 100),
            ]
            assert (preview.confirm_label, lapsed()) == ("Expire 1 residual, post USD\xa0100.00", [])
            assert page.confirm().url == lapsing.get_absolute_url()
            assert lapsed() == [(AFTER, -100, 0)]
            assert "What was left has lapsed" in text(staff.get(lapsing.get_absolute_url()))
            assert "Nothing that was valid until 24 Dec 2026 is left" in text(staff.get(url))

    def test_a_selection_and_all_with_what_stays_and_why(self, lapsing, other):
        PrepaidSetup.objects.update(post_manual_dissolution=True)
        with at(AFTER):
            staff = browser("prepaid.expire_residuals", name="finance")
            offered = Page(staff, self.url("expire-selection")).shown.context["form"]
            assert set(offered.fields["services"].queryset) == {lapsing, other}
            page = Page(staff, f"{self.url('expire-selection')}?service={other.pk}&service=x")
            assert page.preview().confirm_label == "Expire 1 residual, post USD\xa040.00"
            assert "Tick the services" in errors(page.fill(services=None).confirm())["services"][0]
            PrepaidSetup.objects.update(post_manual_dissolution=False)
            Page(staff, self.url("service-expire", other.pk)).confirm()
            PrepaidSetup.objects.update(post_manual_dissolution=True)
            page = Page(staff, self.url("expire-all"))
            preview = page.preview()
            assert preview.confirm_label == "Expire 1 residual, post USD\xa0100.00"
            assert [row.reason for row in preview.left_out] == ["waits for review"]
            page.confirm()
            assert lapsed() == [(AFTER, -100, 0)]
            assert "waits for review already" in text(staff.get(self.url("expire-all")))

    def test_what_is_proposed_is_approved_from_the_list_by_somebody_else(self, lapsing, other):
        with at(AFTER):
            staff = browser("prepaid.expire_residuals", "prepaid.approve_entries", name="finance")
            boss = browser("prepaid.approve_entries", name="boss")
            page = Page(staff, self.url("expire-all"))
            preview = page.preview()
            assert [row.after for row in preview.changes] == ["waits for review"] * 2
            assert ("somebody else" in preview.posted_later, len(preview.postings)) == (True, 4)
            assert preview.confirm_label == "Propose 2 residuals for review"
            page.confirm()
            assert (lapsed(), states()) == ([], ["requested"] * 2)
            assert "2 expired residuals wait for your review" in text(boss.get("/"))
            assert "for your review" not in text(staff.get("/"))
            shown = text(boss.get(self.url("dissolution-list")))
            assert "USD 100.00" in shown and "24 Dec 2026" in shown and "Approve what is picked" in shown
            first, second = proposed()
            own = staff.get(f"{self.url('dissolution-approve')}?proposal={first.pk}")
            assert "you asked for it yourself" in text(own)
            page = Page(boss, f"{self.url('dissolution-approve')}?proposal={first.pk}")
            assert page.preview().confirm_label == "Approve 1 residual, post USD\xa0100.00"
            page.confirm()
            assert (lapsed(), states()) == ([(AFTER, -100, 0)], ["posted", "requested"])
            page = Page(boss, self.url("dissolution-dismiss", second.pk))
            assert page.confirm().url == self.url("dissolution-list")
            assert states() == ["posted", "declined"]
            assert boss.get(self.url("dissolution-list")).context["count"] == 0
            assert "Declined" in text(boss.get(f"{self.url('dissolution-list')}?state=all"))
