"""What every test starts from; the real media server only where a test asks for it."""

import io
import logging
from collections.abc import Iterator

import pytest
from django.conf import settings as school
from django.contrib.contenttypes.management import create_contenttypes
from django.db.models.signals import post_migrate
from playwright.sync_api import Playwright, sync_playwright
from whitenoise.middleware import WhiteNoiseMiddleware

from tests import lanes


@pytest.fixture
def media(monkeypatch: pytest.MonkeyPatch) -> Iterator[object]:
    """A media server in memory. It stands for LiveKit's room service and nothing else; the
    browser test runs the same actions against the real one."""
    from tests.fake_media import FakeMedia, install

    fake = FakeMedia()
    install(fake, monkeypatch)
    yield fake


@pytest.fixture(autouse=True)
def quick_passwords(settings) -> None:  # type: ignore[no-untyped-def]
    """Hashing that takes a quarter of a second for each invented account would be all a test does."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(scope="session", autouse=True)
def files_found_once() -> Iterator[None]:
    """Each of Django's test clients builds the middleware anew, and WhiteNoise would look for every file."""
    found: dict[str, object] = {}
    look = WhiteNoiseMiddleware.add_files_from_finders

    def once(noise: WhiteNoiseMiddleware) -> None:
        if not found:
            look(noise)
            found.update(noise.files)
        noise.files.update(found)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(WhiteNoiseMiddleware, "add_files_from_finders", once)
        yield


@pytest.fixture(scope="session", autouse=True)
def log_goes_nowhere() -> None:
    """What the program logs is what pytest shows of a test that failed. The settings' own handler has the
    stream of the first test's capture, and would tell at length of each line that it is closed."""
    handler = logging._handlers["stderr"]
    assert isinstance(handler, logging.StreamHandler)
    handler.setStream(io.StringIO())


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings) -> None:  # type: ignore[no-untyped-def]
    """In lanes the tables were made already."""
    lanes.copy_tables(school.DATABASES["default"]["TEST"]["NAME"])


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup, django_db_blocker) -> None:  # type: ignore[no-untyped-def]
    """The log's guard would keep the tests from emptying the tables; test_audit sets it up itself."""
    # Made anew whenever tables are emptied, which takes most of that time; nothing here asks for them.
    post_migrate.disconnect(dispatch_uid="django.contrib.auth.management.create_permissions")
    post_migrate.disconnect(create_contenttypes)
    with django_db_blocker.unblock():
        from tests.guard import drop_guard

        drop_guard()


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    """One at a time: a second one in the same thread is refused.

    Not for the whole run: while its loop is in this thread, Django keeps its connections elsewhere, and code
    that is run without the loop does not see what the test has written.
    """
    with sync_playwright() as running:
        yield running
