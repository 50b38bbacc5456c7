from django.urls import path

from prepaid.views import dissolutions, entry_actions, entry_requests, expiry

urlpatterns = [
    path("services/<int:pk>/create-entry/", entry_actions.CreateEntry.as_view(), name="entry-create"),
    path("entry-requests/", entry_requests.EntryRequestList.as_view(), name="entry-request-list"),
    path("entry-requests/<int:pk>/", entry_requests.EntryRequestPage.as_view(), name="entry-request"),
    path("entry-requests/<int:pk>/approve/", entry_actions.ApproveEntry.as_view(), name="entry-request-approve"),
    path("entry-requests/<int:pk>/decline/", entry_actions.DeclineEntry.as_view(), name="entry-request-decline"),
    path("entry-requests/<int:pk>/withdraw/", entry_actions.WithdrawEntry.as_view(), name="entry-request-withdraw"),
    path("services/<int:pk>/expire/", expiry.ExpireService.as_view(), name="service-expire"),
    path("services/expire-selected/", expiry.ExpireSelection.as_view(), name="expire-selection"),
    path("services/expire-all/", expiry.ExpireAll.as_view(), name="expire-all"),
    path("residuals/", dissolutions.DissolutionList.as_view(), name="dissolution-list"),
    path("residuals/approve/", dissolutions.ApproveDissolutions.as_view(), name="dissolution-approve"),
    path("residuals/<int:pk>/dismiss/", dissolutions.DismissDissolution.as_view(), name="dissolution-dismiss"),
]
