"""study.json on disk: written whole or not at all, read with clear errors."""

import os
import re
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec

from seatrial.errors import StudyError
from seatrial.measure.prediction_check import PredictionCheck
from seatrial.measure.study import READABLE, SCHEMA, Study
from seatrial.spec.subject import Subject

__all__ = [
    "check_writable",
    "earlier_checks",
    "earlier_study",
    "read_study",
    "without_password",
    "without_secrets",
    "write_study",
    "write_whole",
]


def write_study(study: Study, path: Path) -> None:
    """Writes the study; what may be secret is left out: values of environment variables, passwords in URLs.

    Raises:
        StudyError: it could not be written; a study that was there before is still whole.
    """
    kept = replace(study, spec=replace(study.spec, subject=without_secrets(study.spec.subject)))
    text = msgspec.json.format(msgspec.json.encode(kept, enc_hook=_plain), indent=1)
    write_whole(path, text)


def without_secrets(subject: Subject) -> Subject:
    """The subject as a study keeps it; once more it changes nothing."""
    return replace(
        subject,
        environment=dict.fromkeys(subject.environment, "(not kept)"),
        url=without_password(subject.url),
        database=replace(subject.database, url=without_password(subject.database.url)),
        prepare=tuple(tuple(without_password(word) for word in command) for command in subject.prepare),
        server=replace(subject.server, command=tuple(without_password(word) for word in subject.server.command)),
    )


def without_password(text: str) -> str:
    """The text with the user and password of every URL in it left out."""
    return re.sub(r"://[^/@\s]+@", "://(not kept)@", text)


def check_writable(folder: Path) -> None:
    """Finds out before minutes of measuring whether their result can be kept.

    Raises:
        StudyError: the folder cannot be made, or nothing can be written there.
    """
    probe = folder / ".seatrial-probe"
    write_whole(probe, b"x" * 4096)
    probe.unlink(missing_ok=True)


def write_whole(path: Path, content: bytes) -> None:
    """Writes a file beside its place, flushes it to the disk and moves it there in one step.

    Raises:
        StudyError: the disk is full, the folder cannot be made or written; what was there before is still whole.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except OSError as error:
        raise _unwritable(path, error) from error
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except OSError as error:
        Path(name).unlink(missing_ok=True)
        raise _unwritable(path, error) from error


def read_study(path: Path) -> Study:
    """Reads a study.

    Raises:
        StudyError: missing, cut off, not JSON, of an unknown or newer schema version, or with a value of a wrong type
            (named by path).
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise StudyError(f"the study cannot be read: {error.strerror}", where=str(path)) from error
    try:
        schema = msgspec.json.decode(content, type=dict[str, Any]).get("schema")
        if schema not in READABLE:
            raise _foreign(path, schema)
        return replace(msgspec.json.decode(content, type=Study, dec_hook=_rich), schema=SCHEMA)
    except msgspec.DecodeError as error:
        # msgspec's own words for a file that ends in the middle.
        is_cut = "truncated" in str(error)
        what = "this study is cut off: the file ends in the middle" if is_cut else f"this is not a study: {error}"
        advice = "Copy it again, whole, or measure again." if is_cut else "Measure again."
        raise StudyError(what, where=str(path), try_this=advice) from error


def _foreign(path: Path, schema: object) -> StudyError:
    number = re.fullmatch(r"seatrial\.study/(\d+)", schema) if isinstance(schema, str) else None
    if number and int(number[1]) > int(SCHEMA.rpartition("/")[2]):
        return StudyError(
            f"this study was written by a newer Seatrial: it has format {schema}, and this one reads formats up to "
            f"{SCHEMA}",
            where=str(path),
            try_this="Read it with the version that wrote it, or a later one.",
        )
    return StudyError(
        f"this study has schema {schema!r}; this Seatrial reads {', '.join(READABLE)}",
        where=str(path),
        try_this="Measure again with this version, or read it with the version that wrote it.",
    )


def earlier_study(path: Path, subject: str) -> Study | None:
    """The study that is there, if it can be read and is of the same app."""
    try:
        study = read_study(path)
    except StudyError:
        return None
    return study if study.spec.subject.name == subject else None


def earlier_checks(path: Path, subject: str) -> tuple[PredictionCheck, ...]:
    """The checks of the study that is there, if it can be read and is of the same app; otherwise none."""
    study = earlier_study(path, subject)
    return study.checks if study is not None else ()


def _unwritable(path: Path, error: OSError) -> StudyError:
    return StudyError(
        f"the file could not be written: {error.strerror or error}",
        where=str(path),
        try_this="Free some disk space or choose another folder (measure.results in seatrial.toml). "
        "A file that was there before is unchanged.",
    )


def _plain(value: Any) -> Any:
    if isinstance(value, Path):
        return str(value)
    raise NotImplementedError(f"a {type(value).__name__} has no place in a study")


def _rich(kind: type, value: Any) -> Any:
    if kind is Path:
        return Path(value)
    raise NotImplementedError(f"a {kind.__name__} has no place in a study")
