"""Opening a project and changing it. Only credits of its account and currency can pay for it, so both stay once upper apps
stand on the project."""

from django.db import transaction

from ledger.models import Currency
from ledger.services.changes import made_by
from opportunities.exceptions import ProjectFixed
from opportunities.models import Account, Project
from opportunities.reports.usage import first_user_of
from opportunities.services.locks import lock_account
from opportunities.services.numbers import free_number


@transaction.atomic
def create_project(*, name: str, account: Account, currency: Currency, actor) -> Project:
    """Makes the project under the next free number."""
    lock_account(account.pk)
    made_by(actor, "Create project")
    project = Project(name=name, account=account, currency=currency, number=free_number(Project))
    project.save(force_insert=True)
    return project


@transaction.atomic
def edit_project(project: Project, *, name: str, account: Account, currency: Currency, actor) -> Project:
    """Changes the project. Refused (ProjectFixed): another account or currency once a milestone is there, or time or
    material."""
    lock_account(project.account_id)
    project = Project.objects.select_for_update().get(pk=project.pk)
    moved = [
        field for field, value in (("account", account), ("currency", currency))
        if getattr(project, f"{field}_id") != value.pk
    ]  # fmt: skip
    if moved and (user := holder_of(project)):
        raise ProjectFixed(project, moved[0], user)
    made_by(actor, "Edit project")
    project.name, project.account, project.currency = name, account, currency
    project.save()
    return project


def holder_of(project: Project) -> str:
    """The name of one thing that keeps the project with its account and currency; empty when nothing does."""
    work = project.entries.first()
    return first_user_of(project) or (f"the work of {work}" if work else "")
