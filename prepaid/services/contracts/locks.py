"""The locks of a change to a contract: account, then the service object or commitment; number series last."""

from opportunities.services.locks import lock_account
from prepaid.models import ServiceCommitment, ServiceObject


def lock_object(service_object: ServiceObject) -> ServiceObject:
    lock_account(service_object.account_id)
    found = ServiceObject.objects.select_related("account", "product").select_for_update(of=["self"])
    return found.get(pk=service_object.pk)


def lock_commitment(commitment: ServiceCommitment) -> ServiceCommitment:
    """The commitment as it is now, locked after its account."""
    lock_account(commitment.object.account_id)
    related = ("object__account", "object__product", "currency", "contract", "prepaid_service", "invoicing_item")
    return ServiceCommitment.objects.select_related(*related).select_for_update(of=["self"]).get(pk=commitment.pk)
