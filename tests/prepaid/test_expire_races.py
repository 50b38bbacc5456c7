"""Expiry against usage and against itself, on real connections."""

import datetime

import pytest

from ledger.tie_outs import check_books
from prepaid.exceptions import AlreadyDecided, NothingToExpire
from prepaid.models import DissolutionProposal, InflowBalance, PrepaidEntry, PrepaidSetup
from prepaid.services.expire import expire_residuals
from prepaid.services.manual import approve_entry, request_entry
from prepaid.services.post_document import post_document
from prepaid.services.review import approve_dissolutions
from tests.builders import make_account, make_user, trial_balance
from tests.prepaid.selling import TODAY, make_company, make_service, top_up, usage
from tests.prepaid.test_manual_entries import PLUS, terms
from tests.racing import at_once, split

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.time_machine("2026-11-24T12:00:00+00:00")]
YESTERDAY = TODAY - datetime.timedelta(days=1)


@pytest.fixture
def lapsed(db):
    """USD 100 that were usable to yesterday, and USD 100 that still are."""
    make_company()
    service = make_service(make_account(), actor=make_user("finance"))
    request_entry(service, terms(PLUS, "100", on=YESTERDAY, valid_until=YESTERDAY), actor=make_user("finance"))
    top_up(service, "100.00", on=YESTERDAY, actor=make_user("finance"))
    return service


def agree() -> None:
    assert [str(offender) for check in check_books() for offender in check.offenders] == []


def left() -> list:
    return list(InflowBalance.objects.order_by("entry_id").values_list("remaining", flat=True))


def test_expiry_takes_what_usage_left_and_usage_nothing_that_lapsed(lapsed):
    """Origin: managoat/fountain#1126, expiry read the unspent amount outside the lock (bug 1): usage dated yesterday draws
    the lapsing inflow first, whoever comes first, and expiry takes that inflow alone."""
    actor = make_user("finance")
    late = [usage(lapsed, "30.00", on=YESTERDAY, actor=actor) for _ in range(3)]
    today = [usage(lapsed, "30.00", on=TODAY, actor=actor) for _ in range(3)]
    results = at_once(
        [lambda each=each: post_document(each, actor=actor) for each in (*late, *today)]
        + [lambda: expire_residuals([lapsed], actor=actor)] * 2
    )
    assert split(results)[1] in ([], [NothingToExpire])
    gone, kept = left()
    assert gone == 0
    dissolved = -sum(PrepaidEntry.objects.filter(entry_type="dissolution").values_list("amount", flat=True))
    used = -sum(PrepaidEntry.objects.filter(entry_type="consumption").values_list("amount", flat=True))
    assert dissolved + used + kept == 200
    assert kept >= 0
    assert trial_balance().get("2410", {"USD": 0})["USD"] == -kept
    agree()


def test_many_expiries_and_approvals_at_once_do_it_once(lapsed):
    actor = make_user("finance")
    PrepaidSetup.objects.update(post_manual_dissolution=False)
    done, kinds = split(at_once([lambda: expire_residuals([lapsed], actor=actor)] * 6))
    assert (done, kinds, DissolutionProposal.objects.count()) == (1, [NothingToExpire], 1)
    (row,) = DissolutionProposal.objects.all()
    bosses = [make_user(f"boss {at}") for at in range(6)]
    done, kinds = split(at_once([lambda who=who: approve_dissolutions([row], actor=who) for who in bosses]))
    assert (done, kinds) == (1, [AlreadyDecided])
    assert PrepaidEntry.objects.filter(entry_type="dissolution").count() == 1
    request = request_entry(lapsed, terms(PLUS, "2000"), actor=actor)
    done, kinds = split(at_once([lambda who=who: approve_entry(request, actor=who) for who in bosses]))
    assert (done, kinds, trial_balance()["2410"]["USD"]) == (1, [AlreadyDecided], -2100)
    agree()
