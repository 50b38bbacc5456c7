"""What the kit itself refuses."""

from pages.refusals import Refused


class RequestedOtherwise(Refused):
    def __init__(self, title: str) -> None:
        super().__init__(
            f"{title} was asked for before with this form, for something else or by somebody else. Load the page anew, then "
            "ask again."
        )
