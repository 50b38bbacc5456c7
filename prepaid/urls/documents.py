from django.urls import path

from prepaid.views import document_actions, document_entry, document_lines, documents

urlpatterns = [
    path("documents/", documents.DocumentList.as_view(), name="document-list"),
    path("documents/new/<slug:type>/", document_entry.DocumentCreate.as_view(), name="document-create"),
    path("documents/<int:pk>/", documents.DocumentDetail.as_view(), name="document"),
    path("documents/<int:pk>/edit/", document_entry.DocumentEdit.as_view(), name="document-edit"),
    path("documents/<int:pk>/credit/", document_entry.DocumentCredit.as_view(), name="document-credit"),
    path("documents/<int:pk>/post/", document_actions.PostDocument.as_view(), name="document-post"),
    path("documents/<int:pk>/release/", document_actions.ReleaseDocument.as_view(), name="document-release"),
    path("documents/<int:pk>/reopen/", document_actions.ReopenDocument.as_view(), name="document-reopen"),
    path("documents/<int:pk>/delete/", document_actions.DeleteDocument.as_view(), name="document-delete"),
    path("documents/<int:pk>/lines/new/", document_lines.LineCreate.as_view(), name="line-create"),
    path(
        "documents/<int:pk>/balance-lines/new/",
        document_lines.BalanceLineCreate.as_view(),
        name="balance-line-create",
    ),
    path("document-lines/<int:pk>/edit/", document_lines.LineEdit.as_view(), name="line-edit"),
    path("document-lines/<int:pk>/delete/", document_lines.LineDelete.as_view(), name="line-delete"),
]
