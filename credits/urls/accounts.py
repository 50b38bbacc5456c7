from django.urls import path

from credits.views import account, statement

urlpatterns = [
    path("accounts/<int:pk>/", account.AccountCredits.as_view(), name="account"),
    path("accounts/<int:pk>/statement/", statement.StatementPage.as_view(), name="statement"),
]
