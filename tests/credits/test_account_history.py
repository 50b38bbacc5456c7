"""What was done with a customer's credits, the latest first."""

import pytest

from credits.reports.account import balances
from credits.reports.account_history import history
from credits.services.dates import change_dates
from credits.services.purchases import return_to_draft
from tests.credits.correcting import refunded, reinstated
from tests.credits.holding import TODAY, days, lots

__all__ = ["lots"]  # a fixture
pytestmark = [pytest.mark.django_db, pytest.mark.time_machine("2026-11-24T12:00:00+00:00")]


def test_the_history_tells_the_latest_first_and_who_it_was(account, lots, sam):
    """Account page, history: the latest first."""
    change_dates(
        lots["available"], starts_on=lots["available"].starts_on, expires_on=days(250), reason="Agreed", actor=sam
    )
    return_to_draft(lots["later"], actor=sam, reason="Sold by mistake")
    events = history(account, 100)
    assert [(event.what, event.credits, event.lot) for event in events[:5]] == [
        ("Back to draft", -10, lots["later"]),
        ("Dates changed", None, lots["available"]),
        ("Consumption Adjustment", 1, lots["soon"]),
        ("Consumption", -4, lots["soon"]),
        ("Expiry", -10, lots["expired"]),
    ]
    assert events[0].note == "Sold by mistake" and events[0].who == "sam"
    assert events[1].note.endswith(f"→ {days(250):%-d %b %Y}. Agreed")
    assert sum(1 for event in events if event.what == "Purchase") == 7
    assert history(account, 2) == events[:2]


def test_the_history_tells_corrections_with_who_asked_and_who_decided(account, lots):
    refund = refunded(lots["available"], 4)
    reinstated(lots["expired"], days(60))
    events = history(account, 100)
    told = {event.what: (event.who, event.credits, event.note) for event in events}
    assert told["Cancellation and refund requested"] == ("asker", None, "They leave")
    assert told["Cancellation and refund approved"] == ("approver", -4, "")
    assert told["Reinstatement requested"] == ("asker", None, "Agreed")
    assert {event.url for event in events if "refund" in event.what} == {refund.get_absolute_url()}
    assert told["Reinstatement approved"] == ("approver", None, "")
    assert told["Reinstatement"] == ("approver", 10, "")
    _, usd = balances(account, TODAY)
    assert (usd.refunded, usd.expired, usd.available) == (4, 0, 23)
    assert sum(event.credits or 0 for event in events if event.lot.currency_id == "USD") == 23 + 20 + 10
