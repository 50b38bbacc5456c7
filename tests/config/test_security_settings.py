"""Production settings, read in a process of their own."""

import os
import subprocess
import sys

import pytest

KEY = "k3y" * 30


def start(*arguments, **environment):
    kept = {name: os.environ[name] for name in ("PATH", "DATABASE_URL", "REDIS_URL")}
    production = {"DRAWDOWN_ENV": "production", "SECRET_KEY": KEY, "ALLOWED_HOSTS": "example.org", **environment}
    command = [sys.executable, "manage.py", *arguments]
    return subprocess.run(command, env=kept | production, capture_output=True, text=True, timeout=60, check=False)


def test_the_deployment_checks_find_nothing():
    done = start("check", "--deploy", "--fail-level", "WARNING", SECRET_KEY="aB3$" * 4 + "xyz012" * 8)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("key", ["", "short", "demo-key-of-the-demo-company-never-used-in-production-0123456789"])
def test_production_does_not_start_with_a_key_that_is_known_or_short(key):
    done = start("check", SECRET_KEY=key)
    assert done.returncode != 0
    assert "Set SECRET_KEY to a random text" in done.stderr


def test_production_demands_the_second_factor_unless_told_otherwise():
    ask = ("shell", "--no-imports", "-c", "from django.conf import settings; print(settings.REQUIRE_SECOND_FACTOR)")
    assert start(*ask).stdout.strip() == "True"
    assert start(*ask, REQUIRE_SECOND_FACTOR="no").stdout.strip() == "False"


def test_every_file_of_the_pages_gets_a_hashed_name(tmp_path):
    code = (
        "from django.conf import settings; from django.core.management import call_command;"
        f"settings.STATIC_ROOT = {str(tmp_path)!r}; call_command('collectstatic', interactive=False, verbosity=0);"
        "from django.template.loader import render_to_string;"
        "print(render_to_string('error.html', {'layout': 'plain.html'}))"
    )
    page = start("shell", "--no-imports", "-c", code)
    assert page.returncode == 0, page.stderr
    assert "css/drawdown." in page.stdout
    assert "css/drawdown.css" not in page.stdout
