"""Manual entries in the browser: finance drafts and submits, the controller approves, finance posts, and reverses."""

import datetime
from decimal import Decimal

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from config.checks import check_books
from credits.services.allocate import allocate
from credits.services.milestones import complete
from ledger.models import (
    Dimension,
    DimensionValue,
    JournalEntry,
    LedgerAccount,
    LedgerSetup,
    ManualEntry,
    ProductPostingGroup,
)
from ledger.services.manual import approve, post, send_back, submit
from ledger.services.reversal import reverse_manual
from tests.builders import (
    make_account,
    make_entry,
    make_manual_entry,
    make_milestone,
    make_period,
    make_project,
    make_purchase,
    make_rate,
    make_user,
    trial_balance,
)
from tests.credits.desk import Page, errors, text
from tests.credits.nights import night

DAY = datetime.date(2026, 11, 2)
pytestmark = [
    pytest.mark.django_db,
    pytest.mark.usefixtures("company"),
    pytest.mark.time_machine("2026-11-24T12:00:00+00:00"),
]


def person(role: str, name: str = "") -> Client:
    user, client = make_user(name or f"{role}-person"), Client()
    user.groups.set(Group.objects.filter(name=role))
    client.force_login(user)
    return client


@pytest.fixture
def finance(company):
    return person("finance")


@pytest.fixture
def controller(company):
    return person("controller")


@pytest.fixture
def ann(company):
    return make_user("ann")


@pytest.fixture
def bob(company):
    return make_user("bob")


def address(name: str, *args) -> str:
    return reverse(f"ledger:{name}", args=args)


def step(client: Client, name: str, entry: ManualEntry, **typed):
    return Page(client, address(f"manual-entry-{name}", entry.pk)).fill(**typed).confirm()


def typed(*lines: dict, **head) -> dict:
    """What the form for a manual entry sends."""
    rows = {f"lines-{at}-{name}": value for at, line in enumerate(lines) for name, value in line.items()}
    counts = {"lines-TOTAL_FORMS": len(lines), "lines-INITIAL_FORMS": 0}
    terms = {"effective_on": "2026-11-02", "currency": "USD", "description": "Bank charges", "reason": ""}
    return terms | counts | rows | head


CHARGES = ({"account": "6100", "debit": "12.50"}, {"account": "1000", "credit": "12.50"})


def actions(client: Client, url: str) -> dict[str, str]:
    """What the page offers, each with the reason why it cannot be used."""
    context = client.get(url).context
    shown = [context["primary_action"], *context["menu_actions"]]
    return {action.label: action.disabled_reason for action in shown if action}


def test_finance_drafts_and_submits_the_controller_approves_finance_posts(finance, controller):
    sent = finance.post(address("manual-entry-create"), typed(*CHARGES, {}, {}))
    entry = ManualEntry.objects.get()
    assert sent.url == entry.get_absolute_url()
    assert step(finance, "submit", entry, reason="The bank's statement").url == entry.get_absolute_url()
    assert finance.get(address("manual-entry-approve", entry.pk)).status_code == 403
    assert "1 manual entry waits for approval" in text(controller.get(reverse("home")))
    assert "waits for approval" not in text(finance.get(reverse("home")))
    assert step(controller, "approve", entry).url == entry.get_absolute_url()
    assert "1 manual entry waits to be posted" in text(finance.get(reverse("home")))
    page = Page(finance, address("manual-entry-post", entry.pk))
    assert [(line.account_code, line.debit_lcy) for line in page.preview().postings] == [
        ("6100", Decimal("12.5")), ("1000", 0),
    ]  # fmt: skip
    assert page.preview().confirm_label == "Post USD\u00a012.50"
    shown = finance.get(page.confirm().url)
    for part in (
        "MJ-000001",
        "Posted",
        "finance-person",
        "controller-person",
        "The bank's statement",
        "What was posted",
    ):
        assert part in text(shown)
    amount = Decimal("12.50")
    assert trial_balance() == {"6100": {"USD": amount, "LCY": amount}, "1000": {"USD": -amount, "LCY": -amount}}
    assert [found for check in check_books() for found in check.offenders] == []
    entry_page = text(finance.get(address("entry", JournalEntry.objects.get().pk)))
    assert "MJ-000001" in entry_page and "The bank's statement" in entry_page


def test_a_controller_who_drafted_it_does_not_approve_it(controller):
    mine = make_manual_entry(make_user("controller-person"))
    submit(mine, actor=make_user("controller-person"), reason="Statement")
    why = "You drafted, edited or submitted"
    assert why in actions(controller, mine.get_absolute_url())["Approve"]
    assert why in text(controller.get(address("manual-entry-approve", mine.pk)))
    assert why in str(errors(step(controller, "approve", mine)))
    assert "waits for approval" not in text(controller.get(reverse("home")))
    assert step(person("controller", "cora"), "approve", mine).status_code == 302
    mine.refresh_from_db()
    assert mine.approved_by.username == "cora"


def test_sent_back_with_why_by_either(controller, finance, ann):
    entry = submit(make_manual_entry(ann), actor=ann, reason="Statement")
    step(controller, "send-back", entry, reason="Which bank?")
    assert "Sent back: Which bank?" in text(finance.get(entry.get_absolute_url()))
    submit(entry, actor=ann, reason="The house bank")
    step(finance, "send-back", entry, reason="Found a slip")
    assert "Sent back: Found a slip" in text(finance.get(entry.get_absolute_url()))


def test_what_changed_between_look_and_approval_is_shown_before_it_is_approved(controller, ann, bob):
    entry = submit(make_manual_entry(ann), actor=ann, reason="Statement")
    page = Page(controller, address("manual-entry-approve", entry.pk))
    seen = page.look().context["preview"].fingerprint
    send_back(entry, actor=bob, reason="Wrong")
    ManualEntry.objects.get().lines.all().delete()
    for code, debit, credit in (("6100", "99", "0"), ("1000", "0", "99")):
        entry.lines.create(line_no=entry.lines.count() + 1, account_id=code, debit=debit, credit=credit)
    submit(entry, actor=ann, reason="Statement")
    answer = controller.post(page.url, page.data | {"fingerprint": seen})
    assert answer.status_code == 200 and answer.context["stale"]
    assert ManualEntry.objects.get().state == "submitted"


REGIONS = ("NORTH", "SOUTH")


@pytest.fixture
def regions(company) -> None:
    dimension = Dimension.objects.create(code="REGION", name="Region")
    for code in REGIONS:
        dimension.values.create(code=code, name=code.capitalize())


def head_of(page: Page) -> list[tuple]:
    return [(change.label, change.after, change.note) for change in page.preview().changes]


def test_the_approval_shows_all_that_is_approved(controller, ann, regions):
    make_period(2026, 10, closed_by=ann)
    entry = make_manual_entry(ann, on=datetime.date(2026, 10, 30))
    entry.lines.filter(line_no=1).update(dimensions={"REGION": "NORTH"}, product_group="CREDITS")
    submit(entry, actor=ann, reason="Statement")
    page = Page(controller, address("manual-entry-approve", entry.pk))
    assert head_of(page) == [
        (f"Manual entry {entry.pk}", "Approved", "Bank charges. Statement"),
        ("Effective on", "30 Oct 2026", "as things stand, posted on 1 Nov 2026"),
        ("Submitted", "by ann", "24 Nov 2026, 12:00:00"),
    ]
    group = ProductPostingGroup.objects.get(pk="CREDITS")
    assert [line.note for line in page.preview().postings] == [f"Product group: {group}; Region: North", ""]


def test_what_the_books_would_not_take_now_is_said_and_approved_nonetheless(controller, ann):
    LedgerSetup.objects.update(posting_to=datetime.date(2026, 11, 1))
    entry = submit(make_manual_entry(ann), actor=ann, reason="Statement")
    page = Page(controller, address("manual-entry-approve", entry.pk))
    assert "Posting is allowed to 1 Nov 2026" in head_of(page)[1][2]
    assert page.confirm().url == entry.get_absolute_url()


@pytest.mark.parametrize("changed", ["day", "region", "group", "nothing"])
@pytest.mark.parametrize("verb", ["approve", "post"])
def test_a_page_opened_before_the_entry_was_sent_back_neither_approves_nor_posts(
    controller, finance, ann, bob, regions, time_machine, verb, changed
):
    def submitted_anew():
        submit(ManualEntry.objects.get(), actor=ann, reason="Statement")
        if verb == "post":
            approve(ManualEntry.objects.get(), actor=bob)

    entry = make_manual_entry(ann)
    entry.lines.filter(line_no=1).update(dimensions={"REGION": "NORTH"})
    submitted_anew()
    client = controller if verb == "approve" else finance
    page = Page(client, address(f"manual-entry-{verb}", entry.pk))
    seen = page.preview().fingerprint
    time_machine.move_to("2026-11-24T12:00:01+00:00" if changed == "nothing" else "2026-11-24T12:00:00+00:00")
    send_back(entry, actor=ann, reason="Wrong")
    if changed == "day":
        ManualEntry.objects.update(effective_on=datetime.date(2026, 11, 3))
    if changed == "region":
        entry.lines.filter(line_no=1).update(dimensions={"REGION": "SOUTH"})
    if changed == "group":
        entry.lines.filter(line_no=1).update(product_group="CREDITS")
    submitted_anew()
    state = ManualEntry.objects.get().state
    answer = client.post(page.url, page.data | {"fingerprint": seen})
    assert answer.status_code == 200 and answer.context["stale"]
    assert ManualEntry.objects.get().state == state
    assert page.confirm().url == entry.get_absolute_url()


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        ([{"account": "6100", "debit": "5", "credit": "5"}], "A line is a debit or a credit"),
        ([{"account": "6100"}], "Enter the amount"),
        ([{"account": "6100", "debit": "-5"}], "-5 is negative. Enter it on the other side"),
        ([{"account": "6100", "debit": "5.001"}], "5.001 has more than the 2 decimals of USD"),
        ([{"account": "6100", "debit": "1e60"}], "no more than 60 digits"),
        ([{"account": "6100", "debit": "1e30"}], "has more than 18 digits"),
        ([{"account": "6100", "debit": "five"}], "Enter a number"),
        ([{"account": "2400", "debit": "5"}], "Select a valid choice. 2400 is not one"),
        ([{"debit": "5"}], "This field is required"),
    ],
)
def test_a_line_that_breaks_a_rule_says_so_at_its_field_and_nothing_is_saved(finance, lines, sentence):
    answer = finance.post(address("manual-entry-create"), typed(*lines))
    assert answer.status_code == 200
    assert sentence in text(answer) and "Line 1, " in text(answer)
    assert not ManualEntry.objects.exists()


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        ([], "It has no lines"),
        ([("6100", "5", "0")], "It has one line"),
        ([("6100", "5", "0"), ("1000", "0", "4")], "differ by USD\u00a01.00"),
        ([("6100", "5", "0"), ("2410", "0", "5")], "Line 2: account 2410 Deferred revenue, prepaid services takes no"),
        ([("6100", "5", "0"), ("4095", "0", "5")], "Line 2: account 4095 Revenue reductions is blocked"),
    ],
)
def test_a_draft_that_cannot_be_submitted_says_why_on_its_page_and_in_its_form(finance, ann, lines, sentence):
    LedgerAccount.objects.filter(code="4095").update(blocked=True)
    entry = make_manual_entry(ann, *lines) if lines else make_manual_entry(ann)
    if not lines:
        entry.lines.all().delete()
    assert sentence in actions(finance, entry.get_absolute_url())["Submit for approval"]
    assert sentence.replace("\u00a0", " ") in str(errors(step(finance, "submit", entry, reason="R"))).replace(
        "\\xa0", " "
    )
    assert ManualEntry.objects.get().state == "draft"


def test_without_a_rate_nothing_is_submitted(finance, ann):
    entry = make_manual_entry(ann, currency="GBP")
    assert "There is no exchange rate for GBP on 2 Nov 2026" in text(finance.get(entry.get_absolute_url()))
    make_rate("GBP", "1.2711")
    preview = Page(finance, address("manual-entry-submit", entry.pk)).fill(reason="Statement").preview()
    assert [(line.debit_lcy, line.credit_lcy) for line in preview.postings] == [
        (Decimal("15.89"), 0), (0, Decimal("15.89")),
    ]  # fmt: skip
    assert not JournalEntry.objects.exists()


def test_what_the_preview_of_the_approval_says_is_what_is_posted(controller, finance, ann, bob):
    make_rate("GBP", "1.005")
    thirds = (("6100", "1", "0"), ("6100", "1", "0"), ("6100", "1", "0"), ("1000", "0", "3"))
    entry = submit(make_manual_entry(ann, *thirds, currency="GBP"), actor=ann, reason="Statement")
    planned = Page(controller, address("manual-entry-approve", entry.pk)).preview().postings
    approve(entry, actor=bob)
    assert Page(finance, address("manual-entry-post", entry.pk)).preview().postings == planned


def test_a_draft_is_edited_with_its_lines_and_two_at_once_do_not_overwrite_each_other(finance, ann, bob):
    entry = make_manual_entry(ann)
    form = Page(finance, address("manual-entry-edit", entry.pk))
    lines = form.shown.context["form"].lines
    for each in lines.forms:
        form.data |= {field.html_name: field.value() or "" for field in each if field.name != "DELETE"}
    form.data |= {f"lines-{name}": lines.management_form[name].value() for name in ("TOTAL_FORMS", "INITIAL_FORMS")}
    form.data |= {"seen": form.shown.context["seen"]}
    assert (form.data["lines-0-account"], str(form.data["lines-0-debit"])) == ("6100", "12.50")
    other = dict(form.data)
    form.fill(**{"lines-0-debit": "13", "lines-1-DELETE": "on", "lines-2-account": "4095", "lines-2-credit": "13"})
    assert finance.post(form.url, form.data).status_code == 302
    told = [(line.line_no, line.account_id, line.debit, line.credit) for line in entry.lines.all()]
    assert told == [(1, "6100", 13, 0), (2, "4095", 0, 13)]
    entry.refresh_from_db()
    assert entry.makers == [ann.pk, make_user("finance-person").pk]
    answer = finance.post(form.url, other | {"token": "", "description": "Mine"})
    assert "Somebody has changed this since you opened it" in text(answer)
    entry.refresh_from_db()
    assert entry.description == "Bank charges"


def test_an_account_that_is_blocked_since_stays_to_be_seen_in_its_draft(finance, ann):
    entry = make_manual_entry(ann)
    LedgerAccount.objects.filter(code__in=["1000", "2450"]).update(blocked=True)
    fields = finance.get(address("manual-entry-edit", entry.pk)).context["form"].lines.forms
    offered = {code for code, _ in fields[1].fields["account"].choices}
    assert "1000" in offered and not {"2450", "2400", "1100"} & offered


def test_dimensions_are_chosen_on_each_line_and_blocked_values_are_not_offered(finance):
    dimension = Dimension.objects.create(code="DEPT", name="Department")
    for code, blocked in (("S", False), ("OLD", True)):
        DimensionValue.objects.create(dimension=dimension, code=code, name=f"Team {code}", blocked=blocked)
    answer = finance.post(address("manual-entry-create"), typed(CHARGES[0] | {"lines": "", "dimension_DEPT": "OLD"}))
    assert "Select a valid choice" in text(answer)
    finance.post(address("manual-entry-create"), typed(CHARGES[0] | {"dimension_DEPT": "S"}, CHARGES[1]))
    entry = ManualEntry.objects.get()
    assert [line.dimensions for line in entry.lines.all()] == [{"DEPT": "S"}, {}]
    assert "Department: Team S" in text(finance.get(entry.get_absolute_url()))


def test_the_balance_is_told_while_it_is_typed_and_a_row_is_added(finance):
    url = address("manual-entry-lines")
    answer = text(finance.post(url, typed(*CHARGES, {"account": "6100", "debit": "2"})))
    assert "Debits USD 14.50 · Credits USD 12.50 · USD 2.00 missing among the credits" in answer.replace("\u00a0", " ")
    assert "balanced" in text(finance.post(url, typed(*CHARGES)))
    added = finance.post(url, typed(*CHARGES) | {"add": "1"}).content.decode()
    assert 'name="lines-2-account"' in added and 'value="3" id="id_lines-TOTAL_FORMS"' in added
    assert finance.post(url, {}).status_code == 204
    assert not ManualEntry.objects.exists()


def test_deleting_a_draft_leads_to_the_list(finance, ann):
    entry = make_manual_entry(ann)
    assert step(finance, "delete", entry).url == address("manual-entry-list")
    assert not ManualEntry.objects.exists()


def test_the_list_is_filtered_summed_and_exported(finance, ann, bob):
    first = make_manual_entry(ann)
    submit(
        make_manual_entry(ann, description="Interest", on=DAY + datetime.timedelta(days=9)), actor=ann, reason="Rate"
    )
    post(approve(submit(first, actor=ann, reason="Statement"), actor=bob), actor=ann)
    url = address("manual-entry-list")

    def found(**query):
        return [row.record.description for row in finance.get(url, query).context["table"].paginated_rows]

    assert found() == ["Interest", "Bank charges"]
    assert (
        found(state="submitted") == found(search="interest") == found(effective_on_after="2026-11-05") == ["Interest"]
    )
    assert found(search="MJ-000001") == found(state="posted") == ["Bank charges"]
    assert str(finance.get(url).context["summary"][0]["totals"][0][1]).count("25.00") == 1
    told = b"".join(finance.get(url, {"export": "csv"}).streaming_content).decode()
    assert "MJ-000001,posted,2026-11-02,Bank charges,12.5" in told


def test_the_number_of_queries_does_not_grow_with_the_rows(finance, controller, ann, bob):
    Dimension.objects.create(code="DEPT", name="Department")
    counts: dict[str, list[int]] = {}
    for many in (9, 8):
        for _ in range(many):
            submit(make_manual_entry(ann), actor=ann, reason="Statement")
            post(approve(submit(make_manual_entry(ann), actor=ann, reason="Statement"), actor=bob), actor=ann)
        long = make_manual_entry(ann, *[("6100", "1", "0")] * many, ("1000", "0", str(many)))
        names = {"list": address("manual-entry-list"), "home": reverse("home"), "page": long.get_absolute_url(),
                 "form": address("manual-entry-edit", long.pk)}  # fmt: skip
        for name, url in names.items():
            controller.get(url)
            with CaptureQueriesContext(connection) as queries:
                assert controller.get(url).status_code == 200
            counts.setdefault(name, []).append(len(queries))
    assert {name: few == many for name, (few, many) in counts.items()} == dict.fromkeys(counts, True), counts


def test_a_manual_entry_is_reversed_on_its_page_and_copied_to_be_put_right(finance, ann, bob):
    posted = post(approve(submit(make_manual_entry(ann), actor=ann, reason="Statement"), actor=bob), actor=ann)
    manual = ManualEntry.objects.get()
    assert actions(finance, manual.get_absolute_url())["Copy to a new draft"].startswith("MJ-000001 is not reversed")
    page = Page(finance, address("entry-reverse", posted.pk)).fill(reason="Booked twice")
    assert [(line.account_code, line.debit, line.credit) for line in page.preview().postings] == [
        ("6100", 0, Decimal("12.5")), ("1000", Decimal("12.5"), 0),
    ]  # fmt: skip
    undone = JournalEntry.objects.filter(reverses=posted)
    assert page.confirm().url == address("entry", undone.get().pk)
    for url, other in ((address("entry", posted.pk), undone.get()), (address("entry", undone.get().pk), posted)):
        shown = finance.get(url)
        assert address("entry", other.pk) in shown.content.decode() and "Booked twice" in text(shown)
    assert "is already reversed" in actions(finance, address("entry", posted.pk))["Reverse"]
    assert "is itself a reversal" in actions(finance, address("entry", undone.get().pk))["Reverse"]
    assert "is already reversed" in str(errors(page.fill(token="").confirm()))
    shown = finance.get(manual.get_absolute_url())
    assert "Booked twice" in text(shown) and shown.context["badge"].label == "Reversed"
    copied = step(finance, "copy", manual)
    copy = ManualEntry.objects.exclude(pk=manual.pk).get()
    assert copied.url == copy.get_absolute_url() and copy.state == "draft"
    assert trial_balance() == {}


def test_what_is_wrong_with_a_reversal_stands_at_its_field(finance, ann, bob):
    posted = post(approve(submit(make_manual_entry(ann), actor=ann, reason="Statement"), actor=bob), actor=ann)
    page = Page(finance, address("entry-reverse", posted.pk))
    assert list(errors(page.fill(on="2026-11-01", reason="Wrong").confirm())) == ["on"]
    assert list(errors(page.fill(on="2026-11-25", token="").confirm())) == ["on"]
    assert list(errors(page.fill(on="2026-11-24", reason="", token="").confirm())) == ["reason"]
    event = make_entry("test:1", debit="1000", credit="6100")
    other = Page(finance, address("entry-reverse", event.pk)).fill(reason="Wrong").confirm()
    assert "Correct that event on its own page" in str(errors(other))


def test_an_event_of_a_lot_leads_to_the_page_that_takes_it_back(ann):
    account = make_account()
    lot, lapsing = make_purchase(account), make_purchase(account, expires_on=datetime.date(2026, 11, 20))
    milestone = make_milestone(make_project(account))
    allocate(milestone, actor=ann)
    everybody = make_user("root", is_superuser=True)
    root = Client()
    root.force_login(everybody)

    def offered(key: str):
        page = root.get(address("entry", JournalEntry.objects.get(event_key__startswith=key).pk)).context
        (action,) = [each for each in page["menu_actions"] if each.label == "Reverse"]
        return action.url, action.disabled_reason

    assert offered(f"purchase:{lapsing.pk}:confirm") == (reverse("credits:purchase-draft", args=[lapsing.pk]), "")
    url, why = offered(f"purchase:{lot.pk}:confirm")
    assert url == reverse("credits:purchase-draft", args=[lot.pk]) and why
    complete(milestone, actor=ann)
    assert night(account, datetime.date(2026, 11, 24)) == []
    assert offered(f"milestone:{milestone.pk}") == (reverse("credits:milestone-reopen", args=[milestone.pk]), "")
    assert offered("credits-expiry:")[1] == "Credits that expired stay expired, and so does their breakage."


def test_who_may_not_write_manual_entries_reads_them_and_is_offered_nothing(ann, bob):
    posted = post(approve(submit(make_manual_entry(ann), actor=ann, reason="Statement"), actor=bob), actor=ann)
    viewer = person("viewer")
    for url in (address("entry", posted.pk), posted.manual_entry.get_absolute_url()):
        assert not {"Reverse", "Copy to a new draft"} & actions(viewer, url).keys()
    reverse_manual(posted, actor=ann, reason="Wrong")
    assert viewer.get(address("manual-entry-list")).status_code == 200
