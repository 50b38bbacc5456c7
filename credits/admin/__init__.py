"""The admin's view of services credits. Everything that processes made is read-only for everybody; drafts and settings change
through the services, and nothing is deleted here."""

from credits.admin import history, settings
from credits.admin.purchases import DraftForm, PurchaseAdmin

__all__ = ["DraftForm", "PurchaseAdmin", "history", "settings"]
