"""What can be a mail address, and what a letter looks like on its way."""

import dataclasses
import email
import stat
import time
from email.policy import default

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flotilla.errors import StartError
from flotilla.settings import Settings
from flotilla.social.mail import Letter, Mail, MailError, email_of

SETTINGS = Settings(database_url="postgresql://a@b/c", mail_from="Flotilla <mail@example.org>")


@pytest.mark.parametrize("address", ["ada@example.org", "a.b+c_d-e'f@x.example", "a@localhost", "A@B.ORG", "1@2.de"])
def test_usual_addresses_are_taken_as_they_are(address):
    assert email_of(f" {address}\n") == address


@pytest.mark.parametrize(
    "text",
    [
        "", "ada", "@b.org", "a@", "a@@b.org", "a b@c.org", "a@b_c.org", "a@-b.org", "a@b-.org", "a@b..org", "a@.org",
        "a@b.org\nBcc: c@d.org", "a@b.org\r\n\r\nbody", "a@b.org,c@d.org", "a,b@c.org", "<a@b.org>", "Ada <a@b.org>",
        '"a"@b.org', "a\x00@b.org", "ä@b.org", "a@b.örg", "a" * 65 + "@b.org", "a@" + "b" * 64 + ".org",
        "a@" + "b.c" * 90,
    ],
)  # fmt: skip
def test_nothing_that_could_be_two_addresses_or_end_a_header_is_an_address(text):
    assert email_of(text) is None


@pytest.mark.parametrize("text", ["a@" + "b-" * 100_000, "a." * 100_000, "a@" + "a." * 126 + "-", "a@" + "-" * 250])
def test_an_address_is_judged_in_no_time_whatever_it_is(text):
    # Of this thread's CPU, which neighbours do not use. What backtracks needs years.
    started_s = time.thread_time()
    assert email_of(text) is None
    assert time.thread_time() - started_s < 0.05


@settings(max_examples=40)
@given(st.text(), st.text())
def test_whatever_a_letter_says_it_has_one_recipient_and_no_header_of_anybody_elses(tmp_path_factory, subject, text):
    folder = tmp_path_factory.mktemp("outbox")
    Mail(dataclasses.replace(SETTINGS, outbox_folder=str(folder))).send(Letter("a.b@example.org", subject, text))
    (path,) = folder.iterdir()
    message = email.message_from_bytes(path.read_bytes(), policy=default)
    assert [address.addr_spec for address in message["To"].addresses] == ["a.b@example.org"]
    expected = {"From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "Content-Type", "MIME-Version"}
    assert set(message.keys()) <= expected | {"Content-Transfer-Encoding"}


def test_the_outbox_is_for_its_owner_only(tmp_path):
    folder = tmp_path / "out" / "box"
    Mail(dataclasses.replace(SETTINGS, outbox_folder=str(folder))).send(Letter("a@b.org", "s", "t"))
    (path,) = folder.iterdir()
    assert path.suffix == ".eml"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_an_outbox_that_cannot_be_written_is_a_letter_that_was_not_sent(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(MailError):
        Mail(dataclasses.replace(SETTINGS, outbox_folder=str(tmp_path / "file"))).send(Letter("a@b.org", "s", "t"))


@pytest.mark.parametrize("url", ["mail.example.org", "http://mail.example.org", "smtp://", "smtp:///x"])
def test_an_address_of_no_mail_server_is_refused_at_the_start(url):
    with pytest.raises(StartError, match="FLOTILLA_SMTP_URL"):
        Mail(dataclasses.replace(SETTINGS, smtp_url=url))


@pytest.mark.parametrize("sender", ["", "Flotilla", "a b@c"])
def test_a_sender_without_an_address_is_refused_at_the_start(sender):
    with pytest.raises(StartError, match="FLOTILLA_MAIL_FROM"):
        Mail(dataclasses.replace(SETTINGS, mail_from=sender))
