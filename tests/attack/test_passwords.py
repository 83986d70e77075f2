"""Passwords of the staff: which are taken, how they are kept, and how they are asked for."""

import pytest
from django.conf import global_settings
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from circletime.people.models import School
from config import settings as written
from tests.web.page import Page
from tests.web.visits import Visits
from tests.world import PASSWORD, World


def sign_in(client: Client, world: World, password: str) -> bool:
    answer = client.post(reverse("account_login"), {"login": world.teacher.email, "password": password})
    return bool(answer.status_code == 302)


@pytest.mark.parametrize("password", ["elevenchars", "qwerty123456", "1Q2W3E4R5T6Y", "iloveyou1234"])
def test_a_password_is_long_and_not_much_used(password: str, db: None) -> None:
    with pytest.raises(ValidationError):
        validate_password(password)


@pytest.mark.parametrize(
    "password", ["larkfield2026!", "Circletime123", "oseiosei2026", "123456789012", "aaaaaaaaaaaa" * 9]
)
def test_nor_made_of_words_of_the_school_and_its_owner(password: str, world: World) -> None:
    School.objects.update_or_create(pk=1, defaults={"name": "Larkfield Primary School"})
    with pytest.raises(ValidationError, match="easily guessed"):
        validate_password(password, world.teacher)


@pytest.mark.parametrize("password", ["только маленькие буквы", "🙂🐢🌧🎈🚲🥕🧵🪁🦉🍋🧊🎻", "correct horse"])
def test_any_characters_and_any_length_will_do(password: str, world: World, visits: Visits) -> None:
    validate_password(password)
    world.teacher.set_password(password)
    world.teacher.save()
    assert sign_in(visits.browser(), world, password)


def test_it_counts_exactly_as_typed(world: World, visits: Visits) -> None:
    for changed in (PASSWORD.upper(), f" {PASSWORD}", f"{PASSWORD} ", PASSWORD[:-1], PASSWORD + PASSWORD[-1]):
        assert not sign_in(visits.browser("192.0.2.1"), world, changed), changed
    assert sign_in(visits.browser("192.0.2.2"), world, PASSWORD)


def test_the_field_hides_and_takes_what_is_pasted(world: World, visits: Visits) -> None:
    field = Page(visits.browser().get(reverse("account_login"))).field("password")
    assert field.get("type") == "password" and field.get("autocomplete") == "current-password"
    assert not {"onpaste", "maxlength"} & set(field.attributes)


def test_it_is_kept_by_a_slow_hash() -> None:
    """The tests use a quick one; what stands in the settings is Django's own."""
    assert "PASSWORD_HASHERS" not in vars(written)
    assert global_settings.PASSWORD_HASHERS[0].endswith(".PBKDF2PasswordHasher")
    assert PBKDF2PasswordHasher().iterations >= 600_000


@pytest.mark.parametrize("role", ["office", "governor", "support", "teacher", "slt", "dsl", "headteacher"])
def test_every_page_of_staff_has_the_way_out(role: str, world: World, visits: Visits) -> None:
    page = Page(visits.by_role(role).get(reverse("policies")))
    assert reverse("account_logout") in page.addresses()
