from django.urls import path

from credits.views import account_rules, settings

urlpatterns = [
    path("settings/", settings.SettingsPage.as_view(), name="settings"),
    path("settings/edit/", settings.SettingsEdit.as_view(), name="settings-edit"),
    path("accounts/<int:pk>/rules/", account_rules.AccountRulesEdit.as_view(), name="account-rules"),
]
