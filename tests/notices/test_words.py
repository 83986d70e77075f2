"""What names, subjects and addresses can do to a letter: nothing but be read."""

from email import message_from_bytes, policy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from circletime.audit.models import Row
from circletime.core.addresses import check_address
from circletime.core.errors import Refused
from circletime.core.time import now
from circletime.notices import post, tasks
from circletime.notices.models import Letter
from circletime.notices.rules import check_words, one_line, plain
from tests.notices.conftest import Write, entry
from tests.web.post_office import PostOffice
from tests.world import NOON, World

HEADERS = {
    "Content-Type",
    "MIME-Version",
    "Content-Transfer-Encoding",
    "Subject",
    "From",
    "To",
    "Date",
    "Message-ID",
    "Auto-Submitted",
}

INJECTIONS = [
    "Amina\r\nBcc: everyone@elsewhere.example",
    "Amina\nBcc: everyone@elsewhere.example\n\nBuy this",
    "Amina\rBcc: everyone@elsewhere.example",
    "Amina\u2028Bcc: everyone@elsewhere.example",
    "Amina\x85Bcc: everyone@elsewhere.example",
    "Amina\x0bBcc: everyone@elsewhere.example\x00",
]


@pytest.mark.parametrize("name", INJECTIONS)
def test_a_name_with_a_line_break_adds_no_header_and_loses_no_letter(
    name: str, write: Write, office: PostOffice
) -> None:
    write(subject=f"A meeting with {name}", calendar=entry(summary=name, organizer_name=name, location=name))
    assert tasks.send_due(NOON) == 1
    (came,) = office.came
    assert {*came.keys()} == HEADERS - {"Content-Transfer-Encoding"}
    assert came["Bcc"] is None and office.asked_for == ["amina@home.example"]
    assert came["Subject"].startswith("A meeting with Amina Bcc: everyone@elsewhere.example")


@pytest.mark.parametrize(
    "address",
    [
        "",
        " ",
        "amina",
        "@home.example",
        "amina@",
        "amina@home",
        "amina@home..example",
        "amina@-home.example",
        "a@b@home.example",
        "amina@home.example\r\nBcc: x@y.example",
        "amina@home.example\n",
        "amina@home.example, ben@home.example",
        "amina@home.example;ben@home.example",
        "Amina <amina@home.example>",
        "<amina@home.example>",
        '"a b"@home.example',
        "amina(x)@home.example",
        "ämina@home.example",
        "امینہ@home.example",
        ".amina@home.example",
        "amina.@home.example",
        "amina@[127.0.0.1]",
        "amina@home.example\x00",
        "amina@ho me.example",
        "a" * 250 + "@home.example",
        "amina@straße.example",
        "amina@" + "h" * 64 + ".example",
    ],
)
def test_what_is_no_address_is_refused_with_a_sentence(address: str, write: Write) -> None:
    for where in ("to", "reply_to"):
        if where == "reply_to" and not address:
            continue
        with pytest.raises(Refused) as refused:
            write(**{where: address})
        assert refused.value.field == where and refused.value.status == 400
        assert str(refused.value).endswith(".") and "\n" not in str(refused.value)
    assert not Letter.objects.exists() and not Row.objects.filter(kind__startswith="notices").exists()


def test_an_address_of_another_script_reaches_its_server_in_ascii(write: Write, office: PostOffice) -> None:
    write("office@schüle.example", reply_to="schule@łąka.example")
    assert tasks.send_due(NOON) == 1
    assert office.asked_for == ["office@xn--schle-mva.example"]
    assert office.came[0]["To"] == "office@xn--schle-mva.example"
    assert office.came[0]["Reply-To"].endswith(".example") and office.came[0]["Reply-To"].isascii()


@pytest.mark.parametrize(
    "subject",
    [
        "Łódź · Oak class meets at 9.10",
        "امینہ کے لیے دعوت نامہ",
        "دعوة إلى مشاهدة تسجيل الصف",
        "அழைப்பு " * 25,
        "x" * 250,
        "ü" * 250,
        "Family meeting " * 16,
        "👩‍👩‍👧 family",
    ],
)
def test_a_subject_arrives_as_it_was_written_however_long(
    subject: str, write: Write, office: PostOffice
) -> None:
    text = f"{subject}\n\n" + "long line " * 300 + "\n.\nFrom here on\n"
    write(subject=subject, text=text)
    tasks.send_due(NOON)
    (came,) = office.came
    assert str(came["Subject"]).strip() == subject.strip()
    assert came.get_content().replace("\r\n", "\n") == text
    assert all(len(line) <= 998 for line in came.as_bytes().splitlines())


def test_text_that_turns_the_reading_order_about_is_taken_out() -> None:
    assert one_line("Amina\u202egnp.exe") == "Aminagnp.exe".replace("g", " g", 1)
    assert one_line("می\u200cخواهم") == "می\u200cخواهم", "a joiner belongs to the word"
    assert plain("one\r\ntwo\rthree\tfour\x1b[2J\x00") == "one\ntwo\nthree\tfour[2J"


@pytest.mark.parametrize(
    "words, field",
    [
        (("", "text", ""), "subject"),
        (("\r\n\x00", "text", ""), "subject"),
        (("Subject", " \n ", ""), "text"),
        (("x" * 251, "text", ""), "subject"),
        (("Subject", "x" * 20_001, ""), "text"),
        (("Subject", "text", "x" * 100_001), "html"),
    ],
)
def test_a_letter_without_words_or_with_too_many_is_refused(words: tuple[str, ...], field: str) -> None:
    with pytest.raises(Refused) as refused:
        check_words(*words)
    assert refused.value.field == field


@settings(max_examples=300, deadline=None)
@given(name=st.text(max_size=120), text=st.text(max_size=300))
def test_whatever_a_name_is_the_letter_has_the_same_headers(name: str, text: str) -> None:
    subject, body, _ = check_words(f"About {name}", f"Dear {text}", "")
    letter = Letter(
        to=check_address("amina@home.example"), subject=subject, text=body, message_id="<a@b.example>"
    )
    read = message_from_bytes(post.write(letter).message().as_bytes(), policy=policy.default)
    assert {*read.keys()} == HEADERS
    assert " ".join(str(read["Subject"]).split()) == subject
    assert read.get_payload(decode=True).decode() == body


def test_the_message_id_is_of_the_schools_own_host(write: Write, settings: Any, world: World) -> None:
    for url, host in (
        ("https://meet.larkfield.example", "meet.larkfield.example"),
        ("http://[::1]:8000", "[IPv6:::1]"),
    ):
        settings.PUBLIC_URL = url
        letter = write()
        assert letter.message_id == f"<{letter.public_id}@{host}>"


def test_the_log_names_nobody(write: Write, office: PostOffice) -> None:
    write("amina@home.example", subject="For Amina", text="Dear Mrs Khan")
    tasks.send_due(now())
    rows = Row.objects.filter(kind__startswith="notices.letter")
    assert [row.kind for row in rows.order_by("number")] == ["notices.letter.queued", "notices.letter.sent"]
    for row in rows:
        assert row.subject == "case:abc"
        assert not any(word in row.data for word in ("amina", "Amina", "Khan", "home.example"))
