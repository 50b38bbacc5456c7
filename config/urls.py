from django.contrib import admin
from django.contrib.auth.views import LogoutView
from django.urls import include, path
from django.views.generic import RedirectView

from config import search, second_factor, sign_in, views

handler400 = views.bad_request
handler403 = views.permission_denied
handler404 = views.page_not_found
handler500 = views.server_error

urlpatterns = [
    path("", views.Home.as_view(), name="home"),
    path("health/", views.health, name="health"),
    path("favicon.ico", views.Favicon.as_view(), name="favicon"),
    path("sign-in/", sign_in.SignIn.as_view(), name="login"),
    path("sign-out/", LogoutView.as_view(), name="logout"),
    path("password/", sign_in.ChangePassword.as_view(), name="password_change"),
    path("second-factor/", second_factor.manage, name="second-factor"),
    path("second-factor/verify/", second_factor.Verify.as_view(), name="second-factor-verify"),
    path("search/", search.Search.as_view(), name="search"),
    path("customers/", include("opportunities.urls")),
    path("credits/", include("credits.urls")),
    path("prepaid/", include("prepaid.urls")),
    path("books/", include("ledger.urls")),
    path("nights/", include("config.nights.urls")),
    path("jobs/", include("pages.urls")),
    # The admin has no doors of its own.
    path("admin/login/", RedirectView.as_view(pattern_name="login", query_string=True)),
    path("admin/logout/", LogoutView.as_view()),
    path("admin/password_change/", RedirectView.as_view(pattern_name="password_change")),
    path("admin/", admin.site.urls),
]
