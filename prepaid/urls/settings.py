from django.urls import path

from prepaid.views import settings

urlpatterns = [
    path("settings/", settings.SettingsPage.as_view(), name="settings"),
    path("settings/edit/", settings.SettingsEdit.as_view(), name="settings-edit"),
]
