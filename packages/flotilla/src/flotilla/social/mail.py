"""Letters by mail: plain text, to one address each, over SMTP or into a folder of files.

Letters are sent after the transaction that they are about, never inside it: a mail server may take seconds.
"""

import re
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import parseaddr
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

import structlog

from flotilla.errors import StartError
from flotilla.settings import Settings

__all__ = ["EMAIL_MAX_CHARACTERS", "NOT_AN_ADDRESS", "Letter", "Mail", "MailError", "email_of"]

EMAIL_MAX_CHARACTERS = 254
NOT_AN_ADDRESS = "This is not an e-mail address, such as ada@example.org."
SMTP_DEADLINE_S = 15.0
PORTS = {"smtp": 587, "smtps": 465, "smtp+plain": 25}

# What browsers take for an address in a form; each label has one way to match, so the time is linear.
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_EMAIL = re.compile(rf"[A-Za-z0-9.!#$%&'*+/=?^_`{{|}}~-]{{1,64}}@{_LABEL}(?:\.{_LABEL})*", re.ASCII)


class MailError(Exception):
    """A letter could not be handed over; sending it again later may work."""


@dataclass(frozen=True, slots=True)
class Letter:
    """One letter: `to` is a bare address that `email_of` accepted."""

    to: str
    subject: str
    text: str


class Transport(Protocol):
    """What hands letters over."""

    def deliver(self, message: EmailMessage, to: str) -> None:
        """Hand one message over. Raises MailError."""


def email_of(text: str) -> str | None:
    """The address without blank ends; None when it cannot be one. It never ends a header or holds a second one."""
    address = text.strip()
    return address if len(address) <= EMAIL_MAX_CHARACTERS and _EMAIL.fullmatch(address) else None


class Mail:
    """Sends letters the way the settings say."""

    def __init__(self, settings: Settings) -> None:
        self._sender = _sender(settings.mail_from)
        self._transport: Transport = Smtp(settings.smtp_url) if settings.smtp_url else Outbox(settings.outbox_folder)

    def send(self, letter: Letter) -> None:
        """Hand the letter over. Raises MailError when the mail server does not take it within its deadline."""
        message = EmailMessage(policy=SMTP)
        # Address objects, not text: a name or an address is quoted as one, whatever it holds.
        message["From"] = self._sender
        local, _, domain = letter.to.rpartition("@")
        message["To"] = Address("", local, domain)
        message["Subject"] = " ".join(letter.subject.split())
        message["Date"] = datetime.now(UTC)
        message["Message-ID"] = f"<{secrets.token_hex(16)}@{self._sender.domain}>"
        # No machine is to answer this with "out of office".
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(letter.text)
        self._transport.deliver(message, letter.to)
        structlog.get_logger("flotilla.mail").info("letter sent", subject=letter.subject)


@dataclass(frozen=True, slots=True)
class Outbox:
    """Letters as files, for whoever tries the site without a mail server; the newest has the last name."""

    folder: str

    def deliver(self, message: EmailMessage, to: str) -> None:
        """Write the letter to a file of its own that only this user can read."""
        _ = to
        folder = Path(self.folder)
        name = f"{datetime.now(UTC):%Y%m%dT%H%M%S.%f}-{secrets.token_hex(4)}"
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            part = folder / f"{name}.part"
            part.touch(mode=0o600)
            part.write_bytes(message.as_bytes())
            part.rename(folder / f"{name}.eml")
        except OSError as error:
            raise MailError(f"The outbox {folder} cannot be written: {error}") from error


class Smtp:
    """A mail server: smtp:// encrypts before anything else (STARTTLS) or gives up, smtps:// from the start."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in PORTS or not parts.hostname:
            raise StartError(
                "FLOTILLA_SMTP_URL cannot be read as the address of a mail server.",
                try_this="Write it as smtp://user:password@host:587, or smtps://user:password@host:465; only for a "
                "server on this very machine smtp+plain://localhost:25, which does not encrypt.",
            )
        self._scheme, self._host, self._port = parts.scheme, parts.hostname, parts.port or PORTS[parts.scheme]
        self._user, self._password = unquote(parts.username or ""), unquote(parts.password or "")

    def deliver(self, message: EmailMessage, to: str) -> None:
        """Send the letter over a connection of its own."""
        # Only processes that send mail pay for these modules.
        import smtplib
        import ssl

        context = ssl.create_default_context()
        try:
            server: smtplib.SMTP
            if self._scheme == "smtps":
                server = smtplib.SMTP_SSL(self._host, self._port, timeout=SMTP_DEADLINE_S, context=context)
            else:
                server = smtplib.SMTP(self._host, self._port, timeout=SMTP_DEADLINE_S)
            with server:
                if self._scheme == "smtp":
                    server.starttls(context=context)
                if self._user:
                    server.login(self._user, self._password)
                server.send_message(message, to_addrs=[to])
        except (OSError, smtplib.SMTPException) as error:
            # The server's answer may quote the address; its kind is enough for a log.
            raise MailError(
                f"The mail server {self._host}:{self._port} took no letter: {type(error).__name__}"
            ) from error


def _sender(text: str) -> Address:
    name, address = parseaddr(text)
    if email_of(address) is None or not name.isprintable():
        raise StartError(
            f"FLOTILLA_MAIL_FROM is {text!r}; it has to be an address, such as Flotilla <mail@example.org>."
        )
    local, _, domain = address.rpartition("@")
    return Address(name, local, domain)
