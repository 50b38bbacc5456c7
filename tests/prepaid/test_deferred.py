"""The money of prepaid services in the reports of deferred revenue: roll-forward, waterfall and aging, to the cent."""

import datetime
from decimal import Decimal

import pytest
import time_machine
from django.urls import reverse

from config.night import run_nights
from credits.services.allocate import allocate
from credits.services.milestones import complete
from ledger.models import PostingSetup, VatProductGroup
from ledger.reports.deferrals import Asked
from ledger.reports.forecast import forecast, parts
from ledger.reports.roll_forward import roll_forward
from ledger.tie_outs import check_books
from prepaid.services.credit_memos import create_credit_memo
from prepaid.services.expire import expire_residuals
from prepaid.services.post_document import post_document
from tests import builders
from tests.prepaid.selling import make_product, make_service, top_up, use
from tests.prepaid.year import by_hand, with_vat
from tests.recorded import recorded_on

pytestmark = pytest.mark.django_db
D = datetime.date
NOVEMBER, TODAY = D(2026, 11, 1), D(2026, 11, 24)


def at(day: int, month: int = 11):
    return time_machine.travel(datetime.datetime(2026, month, day, 12, tzinfo=datetime.UTC), tick=False)


def figures(movements) -> tuple[str, ...]:
    """(opening, additions, revenue, breakage, refunds, changes, closing)"""
    names = ("opening", "additions", "revenue", "breakage", "refunds", "changes", "closing")
    return tuple(f"{getattr(movements, name) + 0:.2f}" for name in names)


def november(**asked) -> dict[str, tuple[str, ...]]:
    rows = roll_forward(NOVEMBER, D(2026, 11, 30), **asked)
    return {f"{row.key} {row.currency.code}": figures(row.own) for row in rows}


def offenders() -> list[str]:
    return [str(offender) for check in check_books() for offender in check.offenders]


def work(account, currency: str, credits: int, sam) -> None:
    milestone = builders.make_milestone(builders.make_project(account, currency=currency), credits)
    allocate(milestone, actor=sam)
    complete(milestone, actor=sam)


def test_the_month_of_lots_a_and_c_and_of_a_top_up(account, finance):
    """Opening 0.00 + additions 6,117.78 - revenue 1,808.78 - breakage 4,309.00 = closing 0.00; in the middle of the month
    the waterfall and the aging come to what is deferred."""
    builders.make_rate("GBP", "1.2711")
    terms = {"expires_on": D(2026, 11, 29), "starts_on": NOVEMBER, "purchased_on": NOVEMBER}
    budget = make_service(account, actor=finance, valid_until_formula="CM-1D")
    with at(2):
        builders.make_purchase(account, **terms)
        builders.make_purchase(account, currency="GBP", number_of_credits=5, amount_paid_per_credit="50.00", **terms)
        top_up(budget, "5000.00", on=D(2026, 11, 2), actor=finance)
    with at(10):
        work(account, "USD", 4, finance)
        work(account, "GBP", 2, finance)
        list(run_nights())
        work(account, "GBP", 2, finance)
        list(run_nights())
        use(budget, "1234.56", on=D(2026, 11, 10), actor=finance)
    for view, months in (("due", [("2026-11", "4309.00")]), ("expiry", [("2026-11", "4309.00")])):
        rows = forecast(Asked(on=D(2026, 11, 10), view=view))
        by_month: dict[str, Decimal] = {}
        for row in rows:
            by_month[row.bucket] = by_month.get(row.bucket, Decimal(0)) + row.lcy.total
        assert [(month, f"{total:.2f}") for month, total in by_month.items()] == months
    with at(30):
        list(run_nights())
    rows = roll_forward(NOVEMBER, D(2026, 11, 30))
    lcy = rows[0].lcy + rows[1].lcy + rows[2].lcy
    assert len(rows) == 3
    assert figures(lcy) == ("0.00", "6117.78", "1808.78", "4309.00", "0.00", "0.00", "0.00")
    assert november(by="product_group")["PREPAID-DEF USD"] == (
        "0.00", "5000.00", "1234.56", "3765.44", "0.00", "0.00", "0.00",
    )  # fmt: skip
    assert offenders() == []


def test_a_credit_memo_of_a_top_up_is_a_refund_net_of_its_vat_and_one_of_usage_takes_revenue_back(account, finance):
    with_vat(account)
    make_product("TOP-UP", prepaid=True, vat_product_group=VatProductGroup.objects.get(pk="FULL"))
    budget = make_service(account, actor=finance)
    sold = top_up(budget, "5000.00", on=D(2026, 11, 2), actor=finance)
    used = use(budget, "1234.56", on=D(2026, 11, 3), actor=finance)
    assert november() == {"2410 USD": ("0.00", "5000.00", "1234.56", "0.00", "0.00", "0.00", "3765.44")}
    post_document(create_credit_memo(used, reason="Not done", actor=finance), actor=finance)
    assert november() == {"2410 USD": ("0.00", "5000.00", "0.00", "0.00", "0.00", "0.00", "5000.00")}
    post_document(create_credit_memo(sold, reason="Cancelled", actor=finance), actor=finance)
    assert november() == {"2410 USD": ("0.00", "5000.00", "0.00", "0.00", "5000.00", "0.00", "0.00")}


def test_entries_by_hand_are_changes_whatever_account_stands_against_them(account, finance, service):
    by_hand(service, "150.00", actor=finance, on=D(2026, 11, 3))
    by_hand(service, "25.00", "negative", actor=finance, on=D(2026, 11, 3))
    assert november() == {"2410 USD": ("0.00", "0.00", "0.00", "0.00", "0.00", "125.00", "125.00")}


def test_breakage_that_goes_to_the_revenue_account_is_told_from_revenue(account, finance):
    """The breakage account of a receipt's product group may be its revenue account."""
    PostingSetup.objects.filter(product_group_id="PREPAID").update(breakage_id="4010")
    budget = make_service(account, actor=finance, valid_until_formula="CM-10D")
    top_up(budget, "500.00", on=D(2026, 11, 2), actor=finance)
    use(budget, "120.00", on=D(2026, 11, 3), actor=finance)
    expire_residuals([budget], actor=finance)
    assert november() == {"2410 USD": ("0.00", "500.00", "120.00", "380.00", "0.00", "0.00", "0.00")}
    assert offenders() == []


@pytest.fixture
def waiting(account, finance):
    """A receipt that lapses on 1 January, an unlimited one, and one that has lapsed and waits for a night."""
    lots = {}
    with recorded_on(D(2026, 11, 2)):
        for name, formula in (("dated", "CY"), ("unlimited", ""), ("past", "1W")):
            service = make_service(account, actor=finance, valid_until_formula=formula, description=name)
            top_up(service, "100.00", on=D(2026, 11, 2), actor=finance)
            lots[name] = service
    return lots


def told(on=TODAY, **asked) -> list[tuple]:
    rows = forecast(Asked(on=on, **asked))
    return [(row.bucket, row.own.recognise, row.own.lapse, row.own.unexplained) for row in rows]


def test_what_has_a_date_lapses_the_day_after_it_and_the_rest_has_none(waiting):
    assert told() == [("past", 0, 100, 0), ("2027-01", 0, 100, 0), ("undated", 100, 0, 0)]
    assert told(view="expiry") == [("past", 0, 100, 0), ("2026-12", 0, 100, 0), ("undated", 100, 0, 0)]
    found = {part.bucket: part for part in parts(Asked(on=D(2026, 11, 24)))}
    lot = waiting["dated"].entries.get().lot
    assert (found["2027-01"].behind, found["2027-01"].due_on, found["2027-01"].expires_on) == (
        lot, D(2027, 1, 1), D(2026, 12, 31),
    )  # fmt: skip
    assert (found["undated"].behind, found["undated"].due_on, found["undated"].expires_on) == (
        f"prepaid-service:{waiting['unlimited'].pk}", None, None,
    )  # fmt: skip


def test_as_of_a_day_and_as_known_on_a_day(waiting, finance):
    with recorded_on(D(2026, 11, 24)):
        use(waiting["dated"], "40.00", on=D(2026, 11, 5), actor=finance)
    assert told(D(2026, 11, 1)) == []
    assert ("2027-01", 0, 60, 0) in told(D(2026, 11, 5))
    assert ("2027-01", 0, 100, 0) in told(D(2026, 11, 4))
    assert ("2027-01", 0, 100, 0) in told(D(2026, 11, 24), known_on=D(2026, 11, 23))
    assert sum(row[1] + row[2] for row in told()) == 260


def test_the_pages_show_what_has_no_date_and_lead_to_the_service(waiting, client, finance):
    finance.is_superuser = True
    finance.save()
    client.force_login(finance)
    page = client.get(reverse("ledger:waterfall"), {"on": "2026-11-24", "months": 12, "by": "account"})
    assert "Without a date" in page.content.decode()
    page = client.get(reverse("ledger:aging"), {"on": "2026-11-24", "months": 12, "by": "account"})
    assert "Never expires" in page.content.decode()
    asked = {"on": "2026-11-24", "months": 12, "by": "account", "view": "due", "bucket": "undated"}
    lines = client.get(reverse("ledger:deferral-lines"), asked).content.decode()
    assert waiting["unlimited"].get_absolute_url() in lines
