"""The window *Create Services Credits Customer Purchase* of an opportunity: what it offers, refuses and makes."""

import datetime
from decimal import Decimal

import pytest
from django.urls import reverse

from credits.models import Purchase
from credits.reports.proposal import year_after
from credits.services.purchases import delete_draft
from ledger.models import JournalEntry, ProductPostingGroup
from opportunities.models import Opportunity, OpportunityLine, Product
from tests.builders import make_rate, trial_balance
from tests.credits.desk import Page, errors, sign_in, text

pytestmark = [pytest.mark.django_db, pytest.mark.time_machine("2026-11-24T12:00:00+00:00")]
TODAY = datetime.date(2026, 11, 24)


def make_opportunity(account, *lines: tuple, currency: str = "USD", stage: str = "won") -> Opportunity:
    """Each line: description, total, credits."""
    number = Opportunity.objects.count() + 1
    opportunity = Opportunity.objects.create(
        number=f"OPP-{number:05d}", name="Sale", account=account, currency_id=currency, stage=stage, closes_on=TODAY
    )
    ProductPostingGroup.objects.get_or_create(code="CREDITS")
    product, _ = Product.objects.get_or_create(
        code="PACK", defaults={"name": "Pack", "unit_price": 1, "currency_id": "USD", "product_group_id": "CREDITS"}
    )
    for line_no, (description, total, credits) in enumerate(lines, start=1):
        OpportunityLine.objects.create(
            opportunity=opportunity, line_no=line_no, product=product, description=description,
            unit_price=Decimal(total), total=Decimal(total), services_credits=credits,
        )  # fmt: skip
    return opportunity


def url(opportunity: Opportunity) -> str:
    return reverse("credits:opportunity-purchases", args=[opportunity.pk])


def lots() -> list[tuple]:
    return list(
        Purchase.objects.order_by("id").values_list("number_of_credits", "value_per_credit", "amount_paid_per_credit")
    )


def test_prefilled_from_the_line(staff, account):
    """Opportunity, proposal: line total / credits, today, a year, the description."""
    page = Page(staff, url(make_opportunity(account, ("Growth pack", "500", 5))))
    row = {name: page.data.get(f"row-0-{name}") for name in ("description", "credits", "value_per_credit",
           "amount_paid_per_credit", "starts_on", "expires_on", "tick", "exact")}  # fmt: skip
    assert row == {
        "description": "Growth pack",
        "credits": "5",
        "value_per_credit": "100.00",
        "amount_paid_per_credit": "100.00",
        "starts_on": "2026-11-24",
        "expires_on": "2027-11-24",
        "tick": "on",
        "exact": None,
    }
    assert "draft" not in "".join(page.data)


@pytest.mark.parametrize(
    ("day", "later"),
    [("2026-11-24", "2027-11-24"), ("2028-02-29", "2029-02-28"), ("2027-02-28", "2028-02-28")],
)
def test_expiry_is_the_same_day_next_year(day, later):
    """Opportunity, proposal: expiry the same day next year, 29 Feb to 28 Feb."""
    assert year_after(datetime.date.fromisoformat(day)) == datetime.date.fromisoformat(later)


def test_the_exact_split_is_spelled_out_and_made(staff, account):
    """Opportunity, exact split: 1,000.00 / 7 is 5 x 142.86 + 2 x 142.85."""
    page = Page(staff, url(make_opportunity(account, ("Seven", "1000", 7))))
    assert page.data["row-0-exact"] == "on"
    shown = text(page.shown)
    assert "5 × 142.86 + 2 × 142.85 = 1,000.00" in shown and "2 purchases , 7 credits USD 1,000.00" in shown
    assert page.preview().confirm_label == "Create 2 purchases, post USD\xa01,000.00"
    response = page.confirm()
    assert lots() == [(5, Decimal("142.86"), Decimal("142.86")), (2, Decimal("142.85"), Decimal("142.85"))]
    assert trial_balance()["2400"]["USD"] == -1000
    receipt = text(staff.get(response.url))
    assert "Purchase SCP-000001 · Purchase SCP-000002" in receipt


def test_without_it_one_purchase_is_made_and_the_difference_shown(staff, account):
    """Opportunity, exact split: unticked, one purchase and the difference shown."""
    page = Page(staff, url(make_opportunity(account, ("Seven", "1000", 7)))).fill(**{"row-0-exact": None})
    panel = text(page.look())
    assert "7 × 142.86 = 1,000.02" in panel and "USD 0.02 more than the line" in panel
    page.confirm()
    assert lots() == [(7, Decimal("142.86"), Decimal("142.86"))]


def test_with_it_an_amended_price_is_refused_at_its_field(staff, account):
    page = Page(staff, url(make_opportunity(account, ("Seven", "1000", 7))))
    page.fill(**{"row-0-amount_paid_per_credit": "120.00"})
    said = "120.00 is not a price of the exact split. Untick it to use this price."
    assert errors(page.confirm()) == {"row-0-amount_paid_per_credit": [said]}
    page.fill(**{"row-0-exact": None}).confirm()
    assert lots() == [(7, Decimal("142.86"), Decimal("120.00"))]


def test_everything_else_can_be_amended(staff, account):
    """Opportunity, proposal: all can be amended; currency and account come from the opportunity."""
    page = Page(staff, url(make_opportunity(account, ("Growth pack", "500", 5))))
    page.fill(**{
        "row-0-description": "Pilot", "row-0-credits": "4", "row-0-value_per_credit": "130.00",
        "row-0-starts_on": "2026-12-01", "row-0-expires_on": "2027-06-30",
    })  # fmt: skip
    page.confirm()
    made = Purchase.objects.get()
    assert (made.description, made.number_of_credits, made.value_per_credit, made.amount_paid_per_credit) == (
        "Pilot", 4, Decimal("130"), Decimal("100"),
    )  # fmt: skip
    assert (made.starts_on, made.expires_on) == (datetime.date(2026, 12, 1), datetime.date(2027, 6, 30))
    assert (made.account, made.currency_id, made.purchased_on) == (account, "USD", TODAY)


def test_amended_credits_are_split_exactly_as_well(staff, account):
    page = Page(staff, url(make_opportunity(account, ("Seven", "1000", 7)))).fill(**{"row-0-credits": "3"})
    page.confirm()
    assert lots() == [(1, Decimal("333.34"), Decimal("333.34")), (2, Decimal("333.33"), Decimal("333.33"))]


def test_lines_left_out_say_why(staff, account):
    """Opportunity, window: says which lines are left out and why."""
    opportunity = make_opportunity(account, ("One", "100", 1), ("Travel", "50", None), ("Two", "200", 2))
    page = Page(staff, url(opportunity)).fill(**{"row-1-tick": None})
    page.confirm()
    assert lots() == [(1, 100, 100)]
    again = Page(staff, url(opportunity))
    assert [form["description"].value() for form in again.shown.context["form"].forms] == ["Two"]
    shown = text(again.shown)
    assert "1 One: Already bought: SCP-000001" in shown and "2 Travel: No services credits on this line" in shown


def test_with_nothing_ticked_nothing_is_made(staff, account):
    page = Page(staff, url(make_opportunity(account, ("One", "100", 1)))).fill(**{"row-0-tick": None})
    assert "No line is ticked" in errors(page.confirm())[""][0]
    assert not Purchase.objects.exists()


def test_a_price_that_rounds_to_zero_needs_the_exact_split(staff, account):
    """Opportunity, exact split: a price that rounds to zero is refused without it."""
    page = Page(staff, url(make_opportunity(account, ("Many", "0.01", 3))))
    assert "1 × 0.01 + 2 × 0.00 = 0.01" in text(page.shown)
    refused = page.fill(**{"row-0-exact": None}).confirm()
    assert "rounds to a price of zero. Tick the exact split instead." in errors(refused)["row-0-exact"][0]
    page.fill(**{"row-0-exact": "on"}).confirm()
    assert lots() == [(1, Decimal("0.01"), Decimal("0.01")), (2, 0, 0)]


@pytest.mark.parametrize(("currency", "spelled"), [("JPY", "1 × 34 + 2 × 33 = 100"),
                                                   ("KWD", "1 × 33.334 + 2 × 33.333 = 100.000")])  # fmt: skip
def test_the_split_in_currencies_with_no_and_three_decimals(staff, account, currency, spelled):
    make_rate(currency, "1")
    page = Page(staff, url(make_opportunity(account, ("Three", "100", 3), currency=currency)))
    assert spelled in text(page.shown)
    page.confirm()
    assert trial_balance()["2400"][currency] == -100


def test_not_won_yet_warns_and_drafts_are_ticked(staff, account):
    """Opportunity, not won: a warning, and drafts are ticked."""
    page = Page(staff, url(make_opportunity(account, ("One", "100", 1), stage="open")))
    assert page.data["row-draft"] == "on" and "is not won (open): create drafts" in text(page.shown)
    assert page.preview().confirm_label == "Create 1 draft"
    confirmed = page.fill(**{"row-draft": None}).preview()
    assert "is not won" in confirmed.warnings[0]
    page.fill(**{"row-draft": "on"}).confirm()
    assert Purchase.objects.get().draft and not JournalEntry.objects.exists()


def test_one_refused_row_refuses_all_and_is_named(staff, account):
    """Opportunity, create: in one transaction."""
    page = Page(staff, url(make_opportunity(account, ("One", "100", 1), ("Two", "200", 2), ("Three", "300", 3))))
    response = page.fill(**{"row-1-value_per_credit": "100.005", "row-2-expires_on": "2026-01-01"}).confirm()
    assert list(errors(response)) == ["row-1-value_per_credit"]
    assert response.context["form"].forms[1]["value_per_credit"].value() == "100.005"
    assert "Correct this first" in text(response)
    response = page.fill(**{"row-1-value_per_credit": "100.00"}).confirm()
    assert list(errors(response)) == ["row-2-expires_on"]
    assert not Purchase.objects.exists() and not JournalEntry.objects.exists()
    response = page.fill(**{"row-2-credits": "0", "row-2-expires_on": "2027-01-01"}).confirm()
    assert list(errors(response)) == ["row-2-credits"]


@pytest.mark.parametrize(
    ("field", "value"),
    [("credits", "2.5"), ("credits", "=1+1"), ("value_per_credit", "1e2"), ("amount_paid_per_credit", "1,000.00"),
     ("starts_on", "2026-02-30")],
)  # fmt: skip
def test_what_cannot_be_read_is_refused_at_its_field_and_an_unticked_row_is_not_read(staff, account, field, value):
    opportunity = make_opportunity(account, ("One", "100", 1), ("Two", "200", 2))
    page = Page(staff, url(opportunity)).fill(**{f"row-1-{field}": value})
    assert value in errors(page.confirm())[f"row-1-{field}"][0]
    page.fill(**{"row-1-tick": None}).confirm()
    assert Purchase.objects.count() == 1


def test_sent_twice_the_purchases_are_made_once(staff, account):
    """Opportunity, create: pressed twice, made once."""
    page = Page(staff, url(make_opportunity(account, ("One", "100", 1))))
    panel = page.preview().fingerprint
    first, second = (staff.post(page.url, page.data | {"fingerprint": panel}) for _ in range(2))
    assert first.status_code == second.status_code == 302 and first.url == second.url
    assert Purchase.objects.count() == JournalEntry.objects.count() == 1


def test_opened_twice_the_second_is_told_who_has_it(staff, account):
    opportunity = make_opportunity(account, ("One", "100", 1), ("Two", "200", 2))
    early, late = Page(staff, url(opportunity)), Page(staff, url(opportunity))
    early.fill(**{"row-1-tick": None}).confirm()
    response = late.confirm()
    assert errors(response) == {"row-0-tick": ["One was bought already: SCP-000001. Nothing was created."]}
    assert Purchase.objects.count() == 1
    late.fill(**{"row-0-tick": None}).confirm()
    assert [lot.description for lot in Purchase.objects.order_by("id")] == ["One", "Two"]


def test_a_line_of_another_opportunity_is_refused(staff, account):
    other = make_opportunity(account, ("Other", "100", 1))
    page = Page(staff, url(make_opportunity(account, ("One", "100", 1))))
    response = page.fill(**{"row-0-line": str(other.lines.get().pk)}).confirm()
    assert "not on the opportunity any more" in errors(response)["row-0-line"][0]


@pytest.mark.parametrize("credits", ["0", "-1"])
def test_no_credits_are_refused_at_their_field_with_the_exact_split_as_well(staff, account, credits):
    page = Page(staff, url(make_opportunity(account, ("Seven", "1000", 7))))
    response = page.fill(**{"row-0-credits": credits, "row-0-exact": "on"}).confirm()
    assert list(errors(response)) == ["row-0-credits"]
    assert not Purchase.objects.exists()


def test_a_line_that_was_deleted_while_the_window_was_open_is_refused_at_its_row(staff, account):
    opportunity = make_opportunity(account, ("One", "100", 1), ("Two", "200", 2))
    page = Page(staff, url(opportunity))
    opportunity.lines.get(description="Two").delete()
    response = page.confirm()
    assert "not on the opportunity any more" in errors(response)["row-1-line"][0]
    assert not Purchase.objects.exists()


@pytest.fixture
def repriced(staff, account):
    """A window whose panel was shown, and then its line of 1,000.00 for 7 credits became one of 800.00; sends what was
    seen."""
    opportunity = make_opportunity(account, ("Seven", "1000", 7))
    page = Page(staff, url(opportunity))

    def send(exact):
        page.fill(**{"row-0-exact": exact})
        seen = page.preview().fingerprint
        opportunity.lines.update(unit_price=Decimal(800), total=Decimal(800))
        return staff.post(page.url, page.data | {"fingerprint": seen})

    return send


def test_a_line_repriced_meanwhile_is_not_split_at_the_price_that_was_seen(repriced):
    response = repriced(exact="on")
    assert list(errors(response)) == ["row-0-value_per_credit", "row-0-amount_paid_per_credit"]
    assert not Purchase.objects.exists()


def test_a_line_repriced_meanwhile_shows_its_new_difference_before_anything_is_made(repriced):
    response = repriced(exact=None)
    assert response.status_code != 302 and not Purchase.objects.exists()
    assert "200.02" in text(response)


def test_a_line_is_free_again_when_its_last_draft_is_deleted(staff, account):
    """Purchase, opportunity line, part: free again when its last draft part is deleted."""
    opportunity = make_opportunity(account, ("Seven", "1000", 7), stage="open")
    Page(staff, url(opportunity)).confirm()
    first, second = Purchase.objects.order_by("id")
    delete_draft(first, actor=None)
    assert not staff.get(url(opportunity)).context["form"].forms
    delete_draft(second, actor=None)
    assert len(staff.get(url(opportunity)).context["form"].forms) == 1


class TestButton:
    def shown(self, client, opportunity) -> dict:
        context = client.get(opportunity.get_absolute_url()).context
        actions = [context["primary_action"], *context["menu_actions"]]
        return {action.label: action for action in actions if action}

    def test_leads_to_the_window(self, staff, account):
        """Opportunity, button: leads to the window."""
        opportunity = make_opportunity(account, ("One", "100", 1))
        button = self.shown(staff, opportunity)["Create Services Credits Customer Purchase"]
        assert button.primary and button.url == url(opportunity) and not button.disabled_reason

    @pytest.mark.parametrize(
        ("lines", "reason"),
        [
            ([], "No line carries services credits."),
            ([("Travel", "50", None)], "No line carries services credits."),
            ([("One", "100", 1)], "Every line with services credits is bought already."),
        ],
    )
    def test_disabled_with_its_reason(self, staff, account, lines, reason):
        opportunity = make_opportunity(account, *lines)
        if lines and lines[0][2]:
            Page(staff, url(opportunity)).confirm()
        assert self.shown(staff, opportunity)["Create Services Credits Customer Purchase"].disabled_reason == reason

    def test_disabled_without_the_permission_and_the_window_refused(self, client, account):
        opportunity = make_opportunity(account, ("One", "100", 1))
        sign_in(client, "opportunities.view_opportunity", "credits.view_purchase")
        button = self.shown(client, opportunity)["Create Services Credits Customer Purchase"]
        assert button.disabled_reason == "Your role does not create purchases."
        assert client.get(url(opportunity)).status_code == client.post(url(opportunity)).status_code == 403

    def test_the_opportunity_page_lists_what_was_made_from_it(self, staff, account):
        opportunity = make_opportunity(account, ("Seven", "1000", 7))
        Page(staff, url(opportunity)).confirm()
        staff.get(opportunity.get_absolute_url())  # takes the receipt
        response = staff.get(opportunity.get_absolute_url())
        shown = text(response)
        assert "SCP-000001 1 5 USD 142.86 USD 714.30" in shown and "SCP-000002 1 2 USD 142.85 USD 285.70" in shown
        figures = {figure.label: figure for figure in response.context["figures"]}
        assert ">7<" in str(figures["Purchased already"].value)
        assert "2 rows" in text(staff.get(figures["Purchased already"].url))
