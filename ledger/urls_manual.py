from django.urls import path

from ledger.views import manual, manual_actions, reversal

urlpatterns = [
    path("manual-entries/", manual.ManualEntryList.as_view(), name="manual-entry-list"),
    path("manual-entries/new/", manual.ManualEntryCreate.as_view(), name="manual-entry-create"),
    path("manual-entries/lines/", manual.ManualEntryLines.as_view(), name="manual-entry-lines"),
    path("manual-entries/<int:pk>/", manual.ManualEntryPage.as_view(), name="manual-entry"),
    path("manual-entries/<int:pk>/edit/", manual.ManualEntryEdit.as_view(), name="manual-entry-edit"),
    path("manual-entries/<int:pk>/submit/", manual_actions.SubmitManualEntry.as_view(), name="manual-entry-submit"),
    path("manual-entries/<int:pk>/approve/", manual_actions.ApproveManualEntry.as_view(), name="manual-entry-approve"),
    path(
        "manual-entries/<int:pk>/send-back/",
        manual_actions.SendBackManualEntry.as_view(),
        name="manual-entry-send-back",
    ),
    path("manual-entries/<int:pk>/post/", manual_actions.PostManualEntry.as_view(), name="manual-entry-post"),
    path("manual-entries/<int:pk>/delete/", manual_actions.DeleteManualEntry.as_view(), name="manual-entry-delete"),
    path("manual-entries/<int:pk>/copy/", reversal.CopyManualEntry.as_view(), name="manual-entry-copy"),
    path("journal/<int:pk>/reverse/", reversal.ReverseEntry.as_view(), name="entry-reverse"),
]
