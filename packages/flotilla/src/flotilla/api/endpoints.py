"""The one declaration of an endpoint: method, path, scope, what it takes and what it gives.

Routing, the check of scopes, the reading of parameters and the OpenAPI description all come from here.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, get_type_hints

from msgspec import Struct

__all__ = ["Endpoint", "Endpoints", "Nothing", "Who"]


class Who(Enum):
    """Whose token an endpoint asks for."""

    ANYONE = "anyone"
    APP = "app"
    PERSON = "person"


class Nothing(Struct):
    """What an endpoint takes or gives when that is nothing: an empty object."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One method at one path (Flask's notation). `scopes`: any one of them suffices; `statuses`: of what was done."""

    method: str
    path: str
    view: Callable[..., Any]
    who: Who
    scopes: tuple[str, ...]
    takes: type[Struct]
    gives: Any
    paged: bool
    files: tuple[str, ...]
    statuses: tuple[int, ...]

    @property
    def name(self) -> str:
        """The endpoint's name for Flask and OpenAPI."""
        return f"{self.view.__module__.rpartition('.')[2]}_{self.view.__name__}"

    @property
    def summary(self) -> str:
        """What it does, in a sentence."""
        return (self.view.__doc__ or "").strip().partition("\n")[0]


View = Callable[..., Any]


@dataclass(slots=True)
class Endpoints:
    """The endpoints of one module, in order; filled by its decorators."""

    table: list[Endpoint] = field(default_factory=list)

    def __iter__(self) -> Iterator[Endpoint]:
        return iter(self.table)

    def add(
        self,
        method: str,
        path: str,
        *scopes: str,
        who: Who | None = None,
        paged: bool = False,
        files: tuple[str, ...] = (),
        statuses: tuple[int, ...] = (200,),
    ) -> Callable[[View], View]:
        """Declare a view `view(call, given) -> entity`; its annotations say what it takes and gives.

        With scopes it is for persons unless `who` says otherwise; without, for anyone.
        """

        def declare(view: View) -> View:
            hints = get_type_hints(view, include_extras=True)
            asked = who or (Who.PERSON if scopes else Who.ANYONE)
            self.table.append(
                Endpoint(
                    method,
                    path,
                    view,
                    asked,
                    scopes,
                    hints.get("given", Nothing),
                    hints["return"],
                    paged,
                    files,
                    statuses,
                )
            )
            return view

        return declare
