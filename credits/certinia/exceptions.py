"""What is refused of an import that a worker does; everything else is refused by `pages.imports.FileRefused`."""

from pages.refusals import Refused


class ChangedSinceShown(Refused):
    def __init__(self) -> None:
        super().__init__(
            "Something changed since the export was looked at, so nothing is imported. Bring it again, and look at what it "
            "would do now."
        )


class FilesGone(Refused):
    def __init__(self) -> None:
        super().__init__("The files are not here any more; they are kept for a week. Bring them again.")
