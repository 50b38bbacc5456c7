"""The settings of prepaid services: the service, what it refuses, the database, and the pages."""

from dataclasses import replace
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction
from django.urls import reverse

from ledger.models import ChangeLogEntry, Dimension, PostingSetup, ProductPostingGroup
from prepaid.exceptions import BadSetting
from prepaid.models import PrepaidSetup
from prepaid.services.setup import Settings, change_setup
from tests.credits.desk import Page, errors, text
from tests.prepaid.desk import signed_in
from tests.prepaid.selling import make_service

pytestmark = pytest.mark.django_db


def settings(**changes) -> Settings:
    return replace(Settings.of(PrepaidSetup.objects.get()), **changes)


def test_the_setup_is_changed_filled_in_and_signed(company, finance):
    change_setup(settings(post_manual_dissolution=False, approve_amounts_above=Decimal("250.50")), actor=finance)
    setup = PrepaidSetup.objects.get()
    assert (setup.post_manual_dissolution, setup.approve_amounts_above) == (False, Decimal("250.50"))
    logged = ChangeLogEntry.objects.filter(table="prepaid_prepaidsetup").first()
    assert (logged.actor, logged.action, set(logged.changes)) == (
        finance, "Change prepaid services setup", {"post_manual_dissolution", "approve_amounts_above"},
    )  # fmt: skip
    wanted = settings()
    PrepaidSetup.objects.all().delete()
    assert change_setup(wanted, actor=finance).pk == 1


def test_what_no_setup_can_say_is_refused_and_nothing_is_written(company):
    for field, value, sentence in (
        ("revenue_from", "nobody", "“nobody” is none of: receipt, consumed."),
        ("automatic_billing", "always", "“always” is none of: off, make, post."),
        ("release_day", "middle", "“middle” is none of: last, first."),
        ("approve_amounts_above", Decimal(-1), "An approval above -1: enter 0 for every entry, or more."),
        ("approve_amounts_above", Decimal("0.001"), "An approval above 0.001: it has at most 2 decimals."),
        ("approve_quantities_above", Decimal("0.00001"), "An approval above 0.00001: it has at most 4 decimals."),
        ("approve_quantities_above", Decimal(10**15), "it has at most 15 digits before the point."),
    ):
        with pytest.raises(BadSetting) as refused:
            change_setup(settings(post_manual_dissolution=False, **{field: value}), actor=None)
        assert sentence in refused.value.message
        assert refused.value.field == field
    assert PrepaidSetup.objects.get().post_manual_dissolution


def test_a_dimension_has_the_values_that_open_services_carry(account):
    old, new = (Dimension.objects.create(code=code, name=code) for code in ("OLD", "NEW"))
    change_setup(settings(dimension=old), actor=None)
    service = make_service(account)
    with pytest.raises(
        BadSetting, match=f"has not every value that open prepaid services carry: PS-00001 of {service.number}\\."
    ):
        change_setup(settings(dimension=new), actor=None)
    new.values.create(code="PS-00001", name="The same")
    assert change_setup(settings(dimension=new), actor=None).dimension == new
    assert change_setup(settings(dimension=None), actor=None).dimension is None


def test_the_database_refuses_it_too(company):
    for wrong in ("approve_amounts_above = -1", "approve_quantities_above = -1", "id = 2"):
        with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"UPDATE prepaid_prepaidsetup SET {wrong}")


def test_the_page_says_every_setting_its_default_and_where_it_leads(company):
    PrepaidSetup.objects.update(approve_amounts_above=500)
    page = text(signed_in("viewer").get(reverse("prepaid:settings")))
    for said in (
        "Gen. prod. posting group deferrals PREPAID-DEF Its deferral accounts hold",
        "Auto-insert dimension value on (the default) The number of each new prepaid service",
        "Approval of amounts above 500 (default: 1,000)",
        "Revenue of a consumption The item of the top-up (the default)",
        "Automatic billing Nothing (the default) What the night does with customer contracts",
        "Contract deferrals are due on Last day of its part (the default)",
        "Contract deferrals by equal months off (the default)",
        "Deferral 2410 Deferred revenue, prepaid services",
    ):
        assert said in page
    assert "Change settings" not in page


def test_a_change_is_previewed_confirmed_and_refused_at_its_field(company):
    controller = signed_in("controller")
    page = Page(controller, reverse("prepaid:settings-edit")).fill(revenue_from="consumed")
    preview = page.preview()
    assert [(each.label, each.before, each.after) for each in preview.changes] == [
        ("Revenue of a consumption", "The item of the top-up", "The item used")
    ]
    assert preview.warnings == ["No dimension is named: nothing is inserted for new services."]
    assert page.confirm()["Location"] == reverse("prepaid:settings")
    assert PrepaidSetup.objects.get().revenue_from == "consumed"
    refused = Page(controller, page.url).fill(approve_amounts_above="-5").confirm()
    assert errors(refused) == {"approve_amounts_above": ["An approval above -5: enter 0 for every entry, or more."]}
    assert "Change prepaid services setup" in text(controller.get(reverse("prepaid:settings")))


def test_how_contracts_are_billed_and_released_is_a_setting(company, finance):
    page = Page(signed_in("controller"), reverse("prepaid:settings-edit"))
    page.fill(automatic_billing="make", release_day="first", by_equal_months="on")
    assert [(each.label, each.before, each.after, each.note) for each in page.preview().changes] == [
        ("Automatic billing", "Nothing", "Make invoices", "from the next night on"),
        ("Contract deferrals are due on", "Last day of its part", "First day of its part",
         "deferrals that exist keep their due days"),
        ("Contract deferrals by equal months", "off", "on", "deferrals that exist keep their parts"),
    ]  # fmt: skip
    page.confirm()
    setup = PrepaidSetup.objects.get()
    assert (setup.automatic_billing, setup.release_day, setup.by_equal_months) == ("make", "first", True)


def test_an_empty_setup_is_filled_in_on_its_page(company):
    controller, url = signed_in("controller"), reverse("prepaid:settings-edit")
    PrepaidSetup.objects.all().delete()
    assert "Nothing can be topped up before" in text(controller.get(reverse("prepaid:settings")))
    PostingSetup.objects.filter(product_group="PREPAID-DEF").update(deferral=None)
    page = Page(controller, url).fill(
        deferral_group="PREPAID-DEF", approve_amounts_above="1000", approve_quantities_above="10"
    )
    assert "has no deferral account in the general posting setup yet" in page.preview().warnings[1]
    page.confirm()
    assert PrepaidSetup.objects.get().deferral_group == ProductPostingGroup.objects.get(pk="PREPAID-DEF")
    assert signed_in("finance").get(url).status_code == 403
