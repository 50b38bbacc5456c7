"""A statement sent to its customer by mail, with a record of what was sent.

The mail leaves as the last step of the transaction that keeps the record: where the mail server does not take it, nothing is
recorded. Who dies between the two has sent it without a record, under a Message-ID that no record has.
"""

import datetime
import uuid

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.template.loader import render_to_string

from opportunities.models import Account
from pages import formats
from pages.pdf import PDF_TYPE
from pages.refusals import Refused
from prepaid.exceptions import NotSendable
from prepaid.models import PrepaidService, StatementMail
from prepaid.reports.statement import Statement, statement_of_account, statement_of_service
from prepaid.reports.statement_document import TITLE, as_pdf, document_data


@transaction.atomic
def send_statement(
    account: Account,
    *,
    service: PrepaidService | None = None,
    first: datetime.date,
    last: datetime.date,
    actor,
) -> StatementMail:
    """Sends the statement of the service, or of all services of the account, as PDF to the account's address, and keeps the
    file. Balances and books: none.

    Refused (NotSendable): an account without an address, a period that ends before it begins, nothing to tell of an account,
    and what the mail server does not take."""
    if refusal := refusal_to_send(account):
        raise refusal
    if last < first:
        raise NotSendable(f"{formats.day(last)} is before {formats.day(first)}.", field="last")
    days = {"first": first, "last": last}
    statement = statement_of_service(service, **days) if service else statement_of_account(account, **days)
    if not statement:
        raise NotSendable(f"{account} has no prepaid services to tell of up to {formats.day(last)}.")
    record = StatementMail.objects.create(
        account=account,
        service=service,
        period_from=first,
        period_to=last,
        recipient=account.email,
        file=as_pdf(statement),
        message_id=_identity(),
        sent_by=actor,
    )
    _send(_message(record, statement))
    return record


def refusal_to_send(account: Account) -> Refused | None:
    """Why no statement can be sent to the account, of whatever period."""
    if account.email:
        return None
    return NotSendable(f"{account} has no e-mail address. Enter it on the account, then send the statement.")


def file_name(record: StatementMail) -> str:
    of = record.service.number if record.service else record.account.number
    return f"prepaid-statement-{of}-{record.period_to}"


def _identity() -> str:
    host = settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].rstrip(">") or "localhost"
    return f"<statement-{uuid.uuid4()}@{host}>"


def _message(record: StatementMail, statement: Statement) -> EmailMessage:
    """The mail says what the file says: the balance at the end, and until when it can be used."""
    told = document_data(statement)
    mail = EmailMessage(
        f"{TITLE}, {told['first']} to {told['last']}",
        render_to_string("prepaid/statement_mail.txt", told | {"customer": ", ".join(told["customer"])}),
        to=[record.recipient],
        headers={"Message-ID": record.message_id},
    )
    mail.attach(f"{file_name(record)}.pdf", bytes(record.file), PDF_TYPE)
    return mail


def _send(mail: EmailMessage) -> None:
    try:
        mail.send()
    except (OSError, ValueError) as error:  # of the network, of the server, of the address
        said = (str(error) or type(error).__name__)[:200]
        raise NotSendable(f"The mail was not sent: {said}. Nothing is recorded; try again later.") from error
