from typing import Any

import django_tables2 as tables
from django.urls import reverse

from pages import formats
from pages.elements import Action, reason
from pages.tables import LinkColumn, MenuColumn, NumberColumn, Table
from prepaid.models import CommitmentPackage, CommitmentTemplate
from prepaid.services.contracts.packages import refusal_to_delete_template

MANAGE = "prepaid.manage_contracts"


class PackageTable(Table):
    code = LinkColumn()
    line_count = NumberColumn(verbose_name="Lines")
    product_count = NumberColumn(verbose_name="Products")

    class Meta:
        model = CommitmentPackage
        fields = ("code", "description", "line_count", "product_count")


def template_actions(template: CommitmentTemplate) -> list[Action]:
    edit, delete = (reverse(f"prepaid:template-{verb}", args=[template.pk]) for verb in ("edit", "delete"))
    return [
        Action("Edit", edit, permission=MANAGE),
        Action("Delete", delete, reason(refusal_to_delete_template(template)), MANAGE, danger=True),
    ]


def edit_address(record: CommitmentTemplate, table: Any) -> str | None:
    """A template has no page but its form; who may not change it reads the row."""
    may = table.request.user.has_perm(MANAGE)
    return reverse("prepaid:template-edit", args=[record.pk]) if may else None


class TemplateTable(Table):
    code = LinkColumn(linkify=edit_address)
    invoicing_item = tables.Column(default="The item sold")
    base_percent = NumberColumn(verbose_name="Base %")
    actions = MenuColumn(template_actions)

    class Meta:
        model = CommitmentTemplate
        fields = ("code", "description", "invoicing_via", "invoicing_item", "base_percent", "base_period", "actions")

    def render_base_percent(self, value: Any) -> str:
        return formats.exact(value)
