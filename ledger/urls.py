from django.urls import path

from ledger.views import balances, changes, journal, periods, rate_import, register, roll_forward, setup

app_name = "ledger"
urlpatterns = [
    path("journal/", journal.JournalList.as_view(), name="journal"),
    path("journal/<int:pk>/", journal.EntryPage.as_view(), name="entry"),
    path("register/", register.Register.as_view(), name="register"),
    path("register/", register.Register.as_view(), name="register"),
    path("trial-balance/", balances.TrialBalancePage.as_view(), name="trial-balance"),
    path("roll-forward/", roll_forward.RollForwardPage.as_view(), name="roll-forward"),
    path("accounts/", setup.Chart.as_view(), name="chart"),
    # Codes are the company's own and may hold any character.
    path("accounts/<path:pk>/", journal.AccountEntriesPage.as_view(), name="account"),
    path("periods/", periods.PeriodList.as_view(), name="period-list"),
    path("periods/new/", periods.PeriodCreate.as_view(), name="period-create"),
    path("periods/<int:pk>/close/", periods.PeriodClose.as_view(), name="period-close"),
    path("periods/<int:pk>/reopen/", periods.PeriodReopen.as_view(), name="period-reopen"),
    path("posting-setup/", setup.PostingSetupPage.as_view(), name="posting-setup"),
    path("posting-setup/accounts/", setup.PostingSetupEdit.as_view(), name="posting-setup-edit"),
    path("rates/", setup.RateList.as_view(), name="rate-list"),
    path("rates/new/", setup.RateCreate.as_view(), name="rate-create"),
    path("rates/import/", rate_import.RateImport.as_view(), name="rate-import"),
    path("rates/import/<int:pk>/", rate_import.RateImportReview.as_view(), name="rate-import-review"),
    path("rates/<int:pk>/", setup.RateEdit.as_view(), name="rate-edit"),
    path("changes/", changes.ChangeLog.as_view(), name="change-log"),
    path("currencies/", setup.CurrencyList.as_view(), name="currency-list"),
]
