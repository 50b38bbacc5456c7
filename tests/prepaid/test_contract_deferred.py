"""The money of contracts in the reports of deferred revenue: roll-forward, waterfall and aging, to the cent."""

import datetime
from decimal import Decimal

import pytest
from django.urls import reverse

from ledger.models import VatProductGroup
from ledger.reports.deferrals import Asked
from ledger.reports.forecast import forecast, parts
from ledger.reports.roll_forward import roll_forward
from ledger.services.periods import close_period
from ledger.tie_outs import check_books
from prepaid.models import ContractDeferral
from prepaid.services.contracts.release import release_deferrals, undo_release
from tests.builders import make_account, make_period, make_rate, trial_balance
from tests.prepaid.contract_events import contracts, credit
from tests.prepaid.contract_events import parts as parts_of
from tests.prepaid.contracting import D, agree, at, billed, make_contract, make_item, make_object
from tests.prepaid.test_deferred import figures
from tests.prepaid.year import with_vat
from tests.recorded import recorded_on

pytestmark = pytest.mark.django_db


def months(first: datetime.date, last: datetime.date, currency: str = "USD", **asked) -> dict[str, tuple[str, ...]]:
    """{month: (opening, additions, revenue, breakage, refunds, changes, closing)} of account 2420."""
    rows = [row for row in roll_forward(first, last, **asked) if row.currency.code == currency]
    return {f"{row.month:%Y-%m}": figures(row.own) for row in rows}


def agreed(account, actor, price="1200.00", **terms):
    terms = {"quantity": "1", "base_period": "1Y", "rhythm": "1Y", **terms}
    return agree(account, starts_on=D(2026, 1, 1), price=price, actor=actor, **terms)


def told(on, **asked) -> list[tuple]:
    """[(month, to be recognised, remaining)]; nothing of a contract lapses, and nothing is unexplained."""
    rows = forecast(Asked(on=on, **asked))
    assert all((row.own.lapse, row.own.unexplained) == (0, 0) for row in rows)
    return [(row.bucket, row.own.recognise, row.own.remaining) for row in rows]


def test_a_year_is_an_addition_once_and_revenue_month_by_month(account, finance):
    """1,200.00 with 19 % VAT, which is owed and never deferred."""
    with_vat(account)
    make_item(vat_product_group=VatProductGroup.objects.get(pk="FULL"))
    with at(D(2026, 1, 2)):
        billed(D(2026, 1, 2), agreed(account, finance), actor=finance)
    for day in (D(2026, 1, 31), D(2026, 2, 28), D(2026, 3, 31)):
        with at(day):
            run = release_deferrals(actor=finance).run
    with at(D(2026, 4, 1)):
        undo_release(run, reason="Too early", actor=finance)
    assert months(D(2026, 1, 1), D(2026, 4, 30)) == {
        "2026-01": ("0.00", "1200.00", "100.00", "0.00", "0.00", "0.00", "1100.00"),
        "2026-02": ("1100.00", "0.00", "100.00", "0.00", "0.00", "0.00", "1000.00"),
        "2026-03": ("1000.00", "0.00", "0.00", "0.00", "0.00", "0.00", "1000.00"),
        "2026-04": ("1000.00", "0.00", "0.00", "0.00", "0.00", "0.00", "1000.00"),
    }


def test_what_is_taken_back_in_a_later_month_is_revenue_taken_back(account, finance):
    """Its period closed meanwhile, so that the books took it in April."""
    with at(D(2026, 1, 2)):
        billed(D(2026, 1, 2), agreed(account, finance), actor=finance)
    with at(D(2026, 1, 31)):
        run = release_deferrals(actor=finance).run
    with at(D(2026, 2, 3)):
        close_period(make_period(2026, 1), actor=finance)
        undo_release(run, reason="Too early", actor=finance)
    assert months(D(2026, 1, 1), D(2026, 2, 28)) == {
        "2026-01": ("0.00", "1200.00", "100.00", "0.00", "0.00", "0.00", "1100.00"),
        "2026-02": ("1100.00", "0.00", "-100.00", "0.00", "0.00", "0.00", "1200.00"),
    }


def test_a_credit_memo_is_a_refund_of_what_waited(company, finance):
    """What it takes back of released months leaves revenue, and never was on the deferral account again. Cut by equal months,
    0.02 over four months ends with -0.01, which its credit memo gives back."""
    contracts(actor=finance)
    assert months(D(2026, 1, 1), D(2026, 4, 2)) == {
        "2026-01": ("0.00", "1600.02", "183.34", "0.00", "0.00", "0.00", "1416.68"),
        "2026-02": ("1416.68", "0.00", "183.35", "0.00", "0.00", "0.00", "1233.33"),
        "2026-03": ("1233.33", "600.00", "83.34", "0.00", "700.00", "0.00", "1049.99"),
        "2026-04": ("1049.99", "0.00", "0.00", "0.00", "-0.01", "0.00", "1050.00"),
    }
    assert months(D(2026, 3, 1), D(2026, 3, 31), "GBP", by="product_group") == {
        "2026-03": ("120.83", "0.00", "0.00", "0.00", "120.83", "0.00", "0.00"),
    }
    assert [check.name for check in check_books() if check.offenders] == []


def test_the_lines_behind_a_month_add_up_to_it(company, finance, client):
    contracts(actor=finance)
    finance.is_superuser = True
    finance.save()
    client.force_login(finance)
    asked = {
        "posting_date_after": "2026-03-01",
        "posting_date_before": "2026-03-31",
        "account": "2420",
        "currency": "USD",
    }
    page = client.get(reverse("ledger:deferral-entries"), asked)
    lines = page.context["object_list"]
    assert sum(line.credit - line.debit for line in lines) == Decimal("1049.99") - Decimal("1233.33")


def test_what_waits_is_due_month_by_month_and_ends_with_its_period(account, finance):
    with recorded_on(D(2026, 1, 2)):
        billed(D(2026, 1, 2), agreed(account, finance), actor=finance)
    assert told(D(2026, 1, 2), months=3) == [
        ("2026-01", 100, 1100), ("2026-02", 100, 1000), ("2026-03", 100, 900), ("later", 900, 0),
    ]  # fmt: skip
    assert told(D(2026, 1, 2), view="expiry") == [("2026-12", 1200, 0)]
    (first, *_) = parts(Asked(on=D(2026, 1, 2)))
    lot = first.lot
    assert (first.behind, first.due_on, first.expires_on) == (lot, D(2026, 1, 31), D(2026, 12, 31))
    # What the night of the 31st has not released is due that day, and overdue on the next.
    assert told(D(2026, 1, 31), months=1) == [("2026-01", 100, 1100), ("later", 1100, 0)]
    assert told(D(2026, 2, 1), months=1) == [("past", 100, 1100), ("2026-02", 100, 1000), ("later", 1000, 0)]


def test_as_of_a_day_and_as_known_on_a_day(account, finance):
    """A release, its undoing and a credit memo change nothing before they were posted, and nothing before they were known."""
    with recorded_on(D(2026, 1, 2)):
        (invoice,) = billed(D(2026, 1, 2), agreed(account, finance), actor=finance)
    with recorded_on(D(2026, 3, 5)):
        run = release_deferrals(actor=finance).run
    with recorded_on(D(2026, 3, 6)):
        undo_release(run, reason="Too early", actor=finance)
    with recorded_on(D(2026, 3, 7)):
        release_deferrals(actor=finance)
    with recorded_on(D(2026, 3, 8)):
        credit(invoice, "future", actor=finance)
    assert told(D(2026, 1, 1)) == []
    waits = {day: told(D(2026, 3, 31), months=1, known_on=D(2026, 3, day)) for day in (4, 5, 6, 7, 8)}
    before = [("past", 200, 1000), ("2026-03", 100, 900), ("later", 900, 0)]
    after = [("2026-03", 100, 900), ("later", 900, 0)]
    assert waits == {4: before, 5: after, 6: before, 7: after, 8: []}
    assert told(D(2026, 1, 31), months=2) == [("2026-02", 100, 1000), ("later", 1000, 0)]
    assert told(D(2026, 3, 7), months=1) == [("2026-03", 100, 900), ("later", 900, 0)]


def test_every_part_of_a_quarter_is_explained_on_each_day(company, finance):
    contracts(actor=finance)
    for day in (D(2026, 1, 31), D(2026, 2, 27), D(2026, 2, 28), D(2026, 3, 5), D(2026, 3, 12), D(2026, 4, 2)):
        for view in ("due", "expiry"):
            told(day, view=view)


UNITS, TERMS = (1, 2, 3, 7, 59, 60, 61, 499, 500), ("1M", "4M", "12M", "60M")


@pytest.mark.parametrize(("currency", "rate"), [("GBP", "1.2711"), ("JPY", "0.0066"), ("KWD", "3.25")])
def test_small_amounts_over_many_months_are_cut_without_a_negative_part_and_end_at_zero_in_both_currencies(
    finance, currency, rate
):
    """1 to 500 minor units over 1 to 60 months. 0.02 over four months was 0.01, 0.01, 0.01 and -0.01 (crbnos/carbon#1287)."""
    account = make_account(currency=currency)
    make_rate(currency, rate)
    minor = Decimal(1).scaleb(-account.currency.decimals)
    contract = make_contract(account, actor=finance)
    service_object = make_object(account, actor=finance)
    agreed_on = {"starts_on": D(2026, 1, 1), "quantity": "1", "service_object": service_object, "contract": contract}
    for units in UNITS:
        for term in TERMS:
            agree(account, price=str(units * minor), base_period=term, rhythm=term, actor=finance, **agreed_on)
    with at(D(2026, 1, 1)):
        (invoice,) = billed(D(2026, 1, 1), actor=finance)
    for deferral in ContractDeferral.objects.all():
        found, lines = parts_of(deferral), list(deferral.lines.all())
        assert sum(found) == deferral.amount
        assert sum(line.amount_lcy for line in lines) == deferral.amount_lcy
        for line in lines:
            assert line.amount >= 0 <= line.amount_lcy
            assert abs(line.amount - deferral.amount / len(lines)) < minor
            assert abs(line.amount_lcy - deferral.amount_lcy * line.amount / deferral.amount) < Decimal("0.01")
    assert ContractDeferral.objects.count() == len(UNITS) * len(TERMS) == invoice.lines.count()
    with at(D(2031, 1, 31)):
        release_deferrals(actor=finance)
        assert "2420" not in trial_balance()
    assert [check.name for check in check_books() if check.offenders] == []
