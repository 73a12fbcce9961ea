"""Every failure Seatrial raises on purpose.

    SeatrialError            what happened, where, what to try; carries the exit status
    ├── SpecError            your file says something that cannot be used            exit 2
    ├── StudyError           a study cannot be read, or cannot be written            exit 2
    ├── TestbedError         the subject or its database could not start or be limited   exit 3
    │   └── SubjectExited    the subject ended by itself: its last lines, and whether memory ran out
    └── LoadError            the load could not be driven: a journey raised, a sign-in failed, the target refused
        exit 3
        └── RigUnfit         this machine is not fit to measure on now               exit 3

A verdict (the objective is met or not) is a value, never one of these.
"""

__all__ = ["LoadError", "RigUnfit", "SeatrialError", "SpecError", "StudyError", "SubjectExited", "TestbedError"]


class SeatrialError(Exception):
    """What happened, where, and what to try, in sentences a beginner can act on."""

    exit_status = 3

    def __init__(self, what: str, *, where: str = "", try_this: str = "", details: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.try_this = try_this
        self.details = details

    def __str__(self) -> str:
        parts = [f"{self.where}: {self.what}" if self.where else self.what]
        if self.try_this:
            parts.append(self.try_this)
        text = "\n".join(parts)
        return f"{text}\n\n{self.details}" if self.details else text


class SpecError(SeatrialError):
    """The specification (seatrial.toml, or what it names) cannot be used; `where` is the file, key and line."""

    exit_status = 2


class StudyError(SeatrialError):
    """A study file cannot be read or cannot be written; an older study is left as it was."""

    exit_status = 2


class TestbedError(SeatrialError):
    """The subject, its database or its limits could not be set up."""

    __test__ = False


class SubjectExited(TestbedError):
    """The subject ended while it was needed; `details` holds its last lines."""


class LoadError(SeatrialError):
    """The load could not be driven as declared."""


class RigUnfit(LoadError):
    """The machine, not the subject, would be what is measured."""
