"""The mail server, in one address."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from config.mail import mail


@pytest.mark.parametrize(
    ("url", "host", "port", "tls", "ssl"),
    [
        ("smtp://me%40x:p%2Fw@mail.example.com", "mail.example.com", 587, True, False),
        ("smtp://me%40x:p%2Fw@mail.example.com:2525?tls=no", "mail.example.com", 2525, False, False),
        ("smtps://me%40x:p%2Fw@mail.example.com", "mail.example.com", 465, False, True),
    ],
)
def test_the_mail_server_in_one_address(url, host, port, tls, ssl):
    found = mail(url)
    assert (found["EMAIL_HOST"], found["EMAIL_PORT"], found["EMAIL_USE_TLS"], found["EMAIL_USE_SSL"]) == (
        host,
        port,
        tls,
        ssl,
    )
    assert (found["EMAIL_HOST_USER"], found["EMAIL_HOST_PASSWORD"]) == ("me@x", "p/w")


@pytest.mark.parametrize("url", ["http://mail.example.com", "smtp:", "mail.example.com:25", "file:"])
def test_another_address_is_refused_in_a_sentence(url):
    with pytest.raises(ImproperlyConfigured, match="EMAIL_URL has to be as smtp://"):
        mail(url)


@pytest.mark.parametrize(("url", "backend"), [("console:", "console"), ("file:///var/spool/drawdown", "filebased")])
def test_nothing_leaves_by_the_log_or_by_files(url, backend):
    assert mail(url)["EMAIL_BACKEND"] == f"django.core.mail.backends.{backend}.EmailBackend"
