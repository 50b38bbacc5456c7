from django.urls import path

from prepaid.views import statement, statement_mail

urlpatterns = [
    path("services/<int:pk>/statement/", statement.ServiceStatement.as_view(), name="statement"),
    path("services/<int:pk>/statement/send/", statement_mail.SendServiceStatement.as_view(), name="statement-send"),
    path("accounts/<int:pk>/statement/", statement.AccountStatement.as_view(), name="account-statement"),
    path(
        "accounts/<int:pk>/statement/send/",
        statement_mail.SendAccountStatement.as_view(),
        name="account-statement-send",
    ),
    path("statements-sent/<int:pk>/", statement_mail.SentStatement.as_view(), name="statement-mail"),
]
