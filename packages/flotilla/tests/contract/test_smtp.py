"""Letters over SMTP, against aiosmtpd: encrypted before anything is said, signed in, in plain words when it fails."""

import socket
import ssl
from dataclasses import dataclass, field, replace

import pytest
import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from flotilla.settings import Settings
from flotilla.social import mail as mailing
from flotilla.social.mail import Letter, Mail, MailError

SETTINGS = Settings(database_url="postgresql://a@b/c", mail_from="Flotilla <mail@example.org>")
LETTER = Letter("ada@example.org", "Grüße", "Fair wind, é.\n.\nThe end\n")


@dataclass
class Received:
    """What the server was given, and how."""

    letters: list[tuple[str, list[str], bytes, bool]] = field(default_factory=list)
    signed_in: list[tuple[bytes, bytes]] = field(default_factory=list)
    refuse: bool = False

    async def handle_DATA(self, server, session, envelope):  # noqa: N802 (aiosmtpd's name)
        encrypted = session.ssl is not None or server.transport.get_extra_info("ssl_object") is not None
        self.letters.append((envelope.mail_from, envelope.rcpt_tos, envelope.content, encrypted))
        return "554 No" if self.refuse else "250 OK"

    def authenticate(self, server, session, envelope, mechanism, given):
        self.signed_in.append((given.login, given.password))
        right = given.password == b"p@ss word"
        return AuthResult(success=right, handled=right)


@pytest.fixture
def received():
    return Received()


@pytest.fixture(scope="module")
def certificates():
    return trustme.CA()


@pytest.fixture
def trusted(certificates, monkeypatch, tmp_path):
    """This machine trusts the tests' own authority, and no other."""
    certificates.cert_pem.write_to_path(str(tmp_path / "authority.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))


@pytest.fixture
def serve(received, certificates):
    """serve(tls=...): the port of a server; tls: "" never, "start" after STARTTLS, "whole" from the start."""
    running = []

    def start(tls):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        certificates.issue_cert("localhost").configure_cert(context)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        named = {"hostname": "127.0.0.1", "port": port, "authenticator": received.authenticate}
        if tls == "start":
            named |= {"tls_context": context, "require_starttls": True}
        elif tls == "whole":
            named |= {"ssl_context": context, "auth_require_tls": False}
        server = Controller(received, **named)
        server.start()
        running.append(server)
        return port

    yield start
    for server in running:
        server.stop(no_assert=True)


def mail(url):
    return Mail(replace(SETTINGS, smtp_url=url))


@pytest.mark.parametrize(("scheme", "tls"), [("smtp", "start"), ("smtps", "whole")])
def test_a_letter_is_handed_over_encrypted_by_whoever_the_address_names(serve, received, trusted, scheme, tls):
    mail(f"{scheme}://post:p%40ss%20word@localhost:{serve(tls)}").send(LETTER)
    ((sender, recipients, content, encrypted),) = received.letters
    assert (sender, recipients, encrypted) == ("mail@example.org", ["ada@example.org"], True)
    assert "Fair wind, é." in content.decode("utf-8") or b"=C3=A9" in content
    assert received.signed_in == [(b"post", b"p@ss word")]


def test_a_server_that_does_not_encrypt_is_told_nothing(serve, received):
    with pytest.raises(MailError):
        mail(f"smtp://post:p%40ss%20word@localhost:{serve('')}").send(LETTER)
    assert (received.letters, received.signed_in) == ([], [])


def test_a_server_that_is_another_is_told_nothing(serve, received):
    for scheme, tls in (("smtp", "start"), ("smtps", "whole")):
        with pytest.raises(MailError, match="SSLCertVerificationError"):
            mail(f"{scheme}://post:p%40ss%20word@localhost:{serve(tls)}").send(LETTER)
    assert (received.letters, received.signed_in) == ([], [])


def test_only_whoever_asks_for_it_by_name_sends_in_the_clear(serve, received):
    mail(f"smtp+plain://localhost:{serve('')}").send(LETTER)
    assert [encrypted for *_, encrypted in received.letters] == [False]


def test_every_refusal_is_a_letter_that_was_not_sent_and_names_neither_address_nor_password(serve, received, trusted):
    received.refuse = True
    for password in ("p%40ss%20word", "wrong"):
        with pytest.raises(MailError) as caught:
            mail(f"smtp://post:{password}@localhost:{serve('start')}").send(LETTER)
        assert "ada@" not in str(caught.value)
        assert "word" not in str(caught.value)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        nobody_there = probe.getsockname()[1]
    with pytest.raises(MailError):
        mail(f"smtp+plain://127.0.0.1:{nobody_there}").send(LETTER)


def test_a_server_that_says_nothing_is_not_waited_for_any_longer_than_the_deadline(monkeypatch):
    monkeypatch.setattr(mailing, "SMTP_DEADLINE_S", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(MailError):
        mail(f"smtp+plain://127.0.0.1:{silent.getsockname()[1]}").send(LETTER)
