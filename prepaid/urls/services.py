from django.urls import path

from prepaid.views import entries_list, service_entry, services

urlpatterns = [
    path("services/", services.ServiceList.as_view(), name="service-list"),
    path("services/new/", service_entry.ServiceCreate.as_view(), name="service-create"),
    path("services/valid-until/", service_entry.ValidUntil.as_view(), name="service-valid-until"),
    path("services/<int:pk>/", services.ServiceDetail.as_view(), name="service"),
    path("services/<int:pk>/edit/", service_entry.ServiceEdit.as_view(), name="service-edit"),
    path("services/<int:pk>/projects/", service_entry.ServiceProjects.as_view(), name="service-projects"),
    path("services/<int:pk>/close/", service_entry.ServiceClose.as_view(), name="service-close"),
    path("services/<int:pk>/reopen/", service_entry.ServiceReopen.as_view(), name="service-reopen"),
    path("entries/", entries_list.EntryList.as_view(), name="entry-list"),
    path("entries/<int:pk>/", entries_list.EntryPage.as_view(), name="entry"),
]
