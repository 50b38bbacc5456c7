"""What is refused about customers and what they buy. Every message is fit to show to staff."""

from pages.refusals import Refused


class BadBillTo(Refused):
    """Invoices would go round, or on and on."""

    def __init__(self, message: str) -> None:
        super().__init__(message, field="bill_to")


class BadPrice(Refused):
    """A price that its currency cannot express."""


class BadProduct(Refused):
    """A product that cannot be sold as it was asked for."""


class BadBilling(Refused):
    """Terms of billing that no invoice could follow."""


class BadLine(Refused):
    """A field of an opportunity's line breaks its rule; `field` names it."""


class LineBought(Refused):
    def __init__(self, line, buyers: list[str]):
        super().__init__(
            f"{line.description} was bought as {', '.join(buyers)}: the line is fixed. Open the page again to see it so."
        )


class LineGone(Refused):
    def __init__(self, description: str):
        super().__init__(
            f"{description} was removed by somebody else in the meantime. Open the page again and enter what is missing."
        )


class OpportunityFixed(Refused):
    def __init__(self, opportunity, field: str, bought: dict[int, list[str]]):
        buyers = ", ".join(name for names in bought.values() for name in names)
        super().__init__(
            f"{opportunity} keeps its {field}: {buyers} came from it. Make a new opportunity instead.", field=field
        )


class ProjectFixed(Refused):
    def __init__(self, project, field: str, user: str):
        super().__init__(
            f"{project} keeps its {field}, which {user} stands on. Make a new project instead.", field=field
        )


class BadProjectEntry(Refused):
    """Time or material that cannot be as it was entered; `field` names what breaks its rule."""


class ProjectEntryBilled(Refused):
    def __init__(self, entry, bill: str):
        super().__init__(f"{entry} is billed by {bill}: it stays as it was billed. Take it off the document first.")


class ProjectEntryGone(Refused):
    def __init__(self, entry):
        super().__init__(f"{entry} was deleted by somebody else in the meantime.")
