"""The lock of a document is that of the account that it is for when it is posted."""

import pytest

from prepaid.exceptions import NotPostable
from prepaid.models import SalesDocument
from prepaid.services import post_document as posting
from prepaid.services.document_lines import LineTerms, add_line
from prepaid.services.documents import Header, edit_header
from tests.builders import make_account
from tests.prepaid.selling import make_document, make_product, make_service, top_up

pytestmark = pytest.mark.django_db


@pytest.fixture
def moved(account, finance):
    """A document as a page has read it, which is for another account by now and uses a prepaid service of that."""
    stale, other = make_document(account, actor=finance), make_account("Other")
    service = make_service(other, actor=finance)
    top_up(service, "100.00", actor=finance)
    edit_header(SalesDocument.objects.get(pk=stale.pk), Header(account=other, currency=stale.currency), actor=finance)
    add_line(stale, LineTerms(product=make_product("WORK"), prepaid_service=service), actor=finance)
    return stale


def locked(monkeypatch, before=lambda: None):
    taken, lock = [], posting.lock_account

    def watched(pk):
        before()
        taken.append(pk)
        return lock(pk)

    monkeypatch.setattr(posting, "lock_account", watched)
    return taken


def test_the_account_that_is_locked_is_the_one_that_is_posted(moved, finance, monkeypatch):
    taken = locked(monkeypatch)
    done = posting.post_document(moved, actor=finance)
    assert taken == [done.account_id] != [moved.account_id]


def test_a_document_that_moves_while_its_lock_is_waited_for_is_not_posted(account, finance, monkeypatch):
    document = make_document(account, LineTerms(product=make_product("WORK")), actor=finance)
    other = make_account("Other")
    locked(monkeypatch, lambda: SalesDocument.objects.filter(pk=document.pk).update(account=other))
    with pytest.raises(NotPostable, match="was changed meanwhile: it is for another account now"):
        posting.post_document(document, actor=finance)
