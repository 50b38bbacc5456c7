"""What services credits put on the pages of the apps below: purchases."""


def register_all() -> None:
    """Called once, when the apps are ready."""
