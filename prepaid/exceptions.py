"""What prepaid services and sales documents refuse, one class per broken rule."""

from pages import formats
from pages.refusals import Refused


class BadSetting(Refused):
    """A setting that means nothing, or that what is there does not allow."""


class BadService(Refused):
    """A card that cannot be as it was asked for."""


class ServiceClosed(Refused):
    """An entry for a closed service."""

    def __init__(self, service, field=None):
        super().__init__(f"Prepaid service {service} is closed: it takes no entry. Open it again first.", field=field)


class OtherCurrency(Refused):
    """An entry in another currency than the service's."""

    def __init__(self, service, currency, field=None):
        super().__init__(
            f"Prepaid service {service} is in {service.currency_id}, not in {currency}. Its first entry fixed that.",
            field=field,
        )


class NotEnoughLeft(Refused):
    """More than a service has left."""

    def __init__(self, service, asked, left, day, field=None):
        super().__init__(
            f"{service} has {left} left that can be used on {formats.day(day)}, less than {asked}.", field=field
        )


class BadDocument(Refused):
    """A sales document or line that cannot be as it was asked for."""


class NotPostable(Refused):
    """A sales document that cannot be posted as it stands."""


class DocumentFixed(Refused):
    """A change to a document that does not take any."""

    def __init__(self, document, why=None):
        super().__init__(why or f"{document} is posted and stays as it is. Correct it with a credit memo.")


class NotConvertible(Refused):
    """A quote or order of which no other document can be made."""


class MoreThanOrdered(Refused):
    """More of an order's line than is left to be invoiced or delivered."""

    def __init__(self, line, asked, left, what):
        super().__init__(
            f"Line {line.line_no}, {line.description}: {formats.exact(asked)} cannot be {what}, "
            f"{formats.exact(left)} of {formats.exact(line.quantity)} is left.",
            field=f"quantity_{line.pk}",
        )


class NothingToBill(Refused):
    """A usage invoice of a project without unbilled work."""

    def __init__(self, project, until):
        super().__init__(
            f"{project} has no time or material up to {formats.day(until)} that is not on a sales document.",
            field="until",
        )


class MoreThanLeftToCredit(Refused):
    """A credit memo for more than is left to be credited."""


class NothingToExpire(Refused):
    """Nothing of what was picked can lapse."""


class BadEntry(Refused):
    """An entry by hand that cannot be as it was asked for."""


class AlreadyDecided(Refused):
    """A request that somebody has decided before."""

    def __init__(self, request):
        super().__init__(f"{request} is decided already: {request.get_state_display().lower()}.")


class OwnRequest(Refused):
    """An approval by whoever asked."""

    def __init__(self, request):
        super().__init__(f"{request}: you asked for it yourself, so somebody else has to approve it.")


class NotSendable(Refused):
    """A statement that cannot be sent to its customer."""


class BadPackage(Refused):
    """A service commitment package that cannot be as it was asked for."""


class BadContract(Refused):
    """A service object, commitment or customer contract that cannot be as it was asked for."""


class NotBillable(Refused):
    """A commitment or contract that cannot be billed as it stands."""


class NothingDue(Refused):
    """Nothing is to be billed, or to be released."""


class AlreadyUndone(Refused):
    """A release that was taken back before."""

    def __init__(self, run):
        super().__init__(f"{run} was taken back already, by {run.undone_by}.")


class MissingPrepaidSetup(Refused):
    """The prepaid services setup has not been filled in."""

    def __init__(self):
        super().__init__("The prepaid services setup is empty. Choose the product posting group of deferrals first.")
