"""A real browser and a real worker for tests that walk through the product."""

import contextlib
import os
import shutil
import subprocess
import sys

import pytest
from django.conf import settings
from django.db import connection, connections

from config.celery import app as celery_app
from config.scale.databases import url_of

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")


@pytest.fixture
def browser(monkeypatch):
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as driver:
        # Playwright runs a loop in this thread, and Django takes that for asynchronous code.
        monkeypatch.setitem(os.environ, "DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        chromium = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield chromium
        chromium.close()
        connections.close_all()  # those of the loop, which nobody sees once it has ended


def complaints_of(page):
    """What the browser complains of while the page is open, and the addresses that answered with 400 and above."""
    complaints = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("response", lambda answer: complaints.append(answer.url) if answer.status >= 400 else None)
    return complaints


@contextlib.contextmanager
def person(browser, base_url, username, password, **context):
    """A page of a person who signs in by the form; it fails on any complaint of the browser and any answer of 400 and
    above."""
    opened = browser.new_context(base_url=base_url, **context).new_page()
    complaints = complaints_of(opened)
    opened.goto("/sign-in/")
    opened.locator("[name=username]").fill(username)
    opened.locator("[name=password]").fill(password)
    opened.locator("[name=password]").press("Enter")
    opened.get_by_role("heading", level=1).wait_for()
    yield opened
    assert complaints == []
    opened.context.close()


@pytest.fixture
def worker(transactional_db, monkeypatch):
    """A Celery worker in a process of its own, on this test's database and on a channel of Redis that nobody else uses."""
    number = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:]) + 8
    broker = f"{settings.CELERY_BROKER_URL.split('?')[0]}?virtual_host={number}"
    monkeypatch.setattr(celery_app.conf, "broker_url", broker)
    # Pools of connections to the usual broker are set aside until the test has ended.
    monkeypatch.setattr(celery_app, "_pool", None)
    monkeypatch.setattr(celery_app.amqp, "_producer_pool", None)
    process = subprocess.Popen(
        [sys.executable, "-m", "celery", "-A", "config", "worker", "--pool", "solo", "--loglevel", "WARNING"],
        cwd=settings.BASE_DIR,
        env={**os.environ, "DATABASE_URL": url_of(connection.settings_dict["NAME"]), "REDIS_URL": broker},
    )
    yield process
    process.terminate()
    process.wait(30)
