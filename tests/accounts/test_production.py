"""The settings of a server, read in a process of their own as a server would."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

ROOT = Path(__file__).resolve().parents[2]
SHOW = """
import json
import django
django.setup()
from django.conf import settings
from django.urls import get_resolver
names = json.loads({names!r})
print(json.dumps({{name: getattr(settings, name, None) for name in names}}))
print(json.dumps([str(pattern.pattern) for pattern in get_resolver().url_patterns]))
"""

ASK_HEALTH = """
import django
django.setup()
from django.test import Client
answer = Client().get("/healthz")
print(answer.status_code, answer.content.decode())
"""


def environment(**changes: str) -> dict[str, str]:
    """Return the variables of a server; the databases are those of this machine."""
    kept = {
        name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG", "ROLLCALL_HOME")
    }
    return {
        **kept,
        "DJANGO_SETTINGS_MODULE": "attendance_site.settings",
        "DATABASE_URL": settings.DATABASE_URL,
        "REDIS_URL": settings.REDIS_URL,
        "SECRET_KEY": "k" * 25 + "0123456789abcdefghijklmnopqrstuvwxyz",
        "ALLOWED_HOSTS": "rollcall.school.example",
        **changes,
    }


def run(*arguments: str, **changes: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=environment(**changes),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.fixture(scope="module")
def server() -> dict[str, object]:
    """What a server's settings say, and its routes."""
    names = [
        "DEBUG",
        "SESSION_COOKIE_SECURE",
        "SESSION_COOKIE_HTTPONLY",
        "SESSION_COOKIE_SAMESITE",
        "SESSION_COOKIE_NAME",
        "SESSION_COOKIE_DOMAIN",
        "SESSION_COOKIE_PATH",
        "CSRF_COOKIE_SECURE",
        "CSRF_COOKIE_HTTPONLY",
        "CSRF_COOKIE_SAMESITE",
        "CSRF_COOKIE_NAME",
        "SECURE_HSTS_SECONDS",
        "SECURE_HSTS_INCLUDE_SUBDOMAINS",
        "SECURE_SSL_REDIRECT",
        "MESSAGE_STORAGE",
        "CACHES",
        "PASSWORD_HASHERS",
        "MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN",
        "ACCOUNT_LOGIN_BY_CODE_TIMEOUT",
        "PASSWORD_RESET_TIMEOUT",
    ]
    done = run("-c", SHOW.format(names=json.dumps(names)))
    assert done.returncode == 0, done.stderr
    values, routes = done.stdout.splitlines()
    return {**json.loads(values), "routes": json.loads(routes)}


class TestAServer:
    def test_passes_djangos_own_check_without_a_warning(self):
        done = run("manage.py", "check", "--deploy", "--fail-level", "WARNING")

        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.strip() == "System check identified no issues (0 silenced)."

    def test_has_debug_off(self, server):
        assert server["DEBUG"] is False
        assert server["MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN"] is False

    def test_has_no_demo(self, server):
        assert server["routes"]
        assert not [route for route in server["routes"] if "demo" in route]

    @pytest.mark.parametrize("cookie", ["SESSION", "CSRF"])
    def test_sends_cookies_to_itself_over_https_only(self, server, cookie):
        assert server[f"{cookie}_COOKIE_SECURE"] is True
        assert server[f"{cookie}_COOKIE_HTTPONLY"] is True
        assert server[f"{cookie}_COOKIE_SAMESITE"] == "Lax"
        assert str(server[f"{cookie}_COOKIE_NAME"]).startswith("__Host-")

    def test_keeps_to_what_the_prefix_of_the_cookies_promises(self, server):
        assert server["SESSION_COOKIE_DOMAIN"] is None
        assert server["SESSION_COOKIE_PATH"] == "/"

    def test_puts_no_message_into_a_cookie(self, server):
        assert server["MESSAGE_STORAGE"] == "accounts.messages.CacheStorage"

    def test_asks_browsers_for_https_for_two_years(self, server):
        assert server["SECURE_SSL_REDIRECT"] is True
        assert server["SECURE_HSTS_SECONDS"] == 63_072_000
        assert server["SECURE_HSTS_INCLUDE_SUBDOMAINS"] is True

    def test_counts_attempts_to_sign_in_over_all_its_processes(self, server):
        assert server["CACHES"]["default"]["BACKEND"] == "accounts.cache.KeptRedisCache"

    def test_hashes_passwords_slowly(self, server):
        assert server["PASSWORD_HASHERS"] == ["django.contrib.auth.hashers.PBKDF2PasswordHasher"]

    def test_sends_codes_and_links_that_soon_end(self, server):
        assert server["ACCOUNT_LOGIN_BY_CODE_TIMEOUT"] == 600
        assert server["PASSWORD_RESET_TIMEOUT"] == 3600

    def test_does_not_start_without_a_secret_key(self):
        done = run("manage.py", "check", SECRET_KEY="")

        assert done.returncode == 1
        assert "SECRET_KEY is not set." in done.stderr

    def test_does_not_take_a_misspelt_yes_for_a_no(self):
        done = run("manage.py", "check", HTTPS="ture")

        assert done.returncode == 1
        assert "HTTPS=ture is neither yes nor no" in done.stderr

    @pytest.mark.parametrize(
        ("database", "answer"),
        [("", "200 ok"), ("postgres://nobody:nothing@127.0.0.1:1/none", "503 database down")],
    )
    def test_says_of_itself_whether_the_database_answers(self, database, answer):
        changes = {"DATABASE_URL": database} if database else {}

        done = run("-c", ASK_HEALTH, **changes)

        assert (done.returncode, done.stdout.strip()) == (0, answer), done.stderr
