"""What the business refuses, as a sentence.

Every app keeps its own refusals in `exceptions.py`, one class per broken rule, all derived from `Refused`. A service
raises one and writes nothing; the page shows the sentence at the field it names, or at the top of the form.

    class NotEnoughCredits(Refused):
        def __init__(self, needed, available):
            super().__init__(f"{needed} credits are needed and {available} are available.", field="credits")
"""


class Refused(Exception):
    """A broken business rule. `message` says what, why and what to do, fit to show to staff."""

    def __init__(self, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.field = field

    def __str__(self) -> str:
        return self.message
