"""What several admins have in common."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest


class ReadOnly:
    """To look at: no row is made, changed or deleted here, by anybody. For admins and for inlines."""

    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class OneRow(admin.ModelAdmin):
    """One row of settings, which stays."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return super().has_add_permission(request) and not self.model.objects.exists()

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
