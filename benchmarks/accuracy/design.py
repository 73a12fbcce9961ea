"""Which settings are tried: every two levels of every two settings meet at least once (a pairwise covering design)."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, product

__all__ = ["BASE", "Setting", "cells", "changed", "covering", "smoke_cells"]

SEED = 1


@dataclass(frozen=True)
class Setting:
    """One server. threads: None where the server has none; pool: None of an app without a database.

    round_trip_ms: to the database; 0 on the box.
    """

    workers: int = 1
    threads: int | None = 4
    pool: int | None = 5
    cpus: float = 1.0
    round_trip_ms: float = 0.0

    @property
    def name(self) -> str:
        """Short, such as `w3-t4-p2-c0.5-r2`."""
        parts = (
            ("w", self.workers),
            ("t", self.threads),
            ("p", self.pool),
            ("c", self.cpus),
            ("r", self.round_trip_ms),
        )
        return "-".join(f"{letter}{value:g}" for letter, value in parts if value is not None)


BASE = Setting()
"""What is measured once and then predicted from."""


def levels(machine_cpus: int, *, has_threads: bool, has_database: bool) -> dict[str, tuple[float | None, ...]]:
    """The levels of each setting, of an app with or without; two CPUs only where the generator has another one."""
    return {
        "workers": (1, 2, 3, 5, 9),
        "threads": (1, 4) if has_threads else (None,),
        "pool": (1, 2, 5) if has_database else (None,),
        "cpus": (0.5, 1.0, 2.0) if machine_cpus > 2 else (0.5, 1.0),
        "round_trip_ms": (0.0, 2.0) if has_database else (0.0,),
    }


def covering(levels_by_name: Mapping[str, Sequence[float | None]], seed: int = SEED) -> list[dict[str, float | None]]:
    """Rows of one level each, so few that each new one meets as many new pairs as any could (greedy)."""
    names = list(levels_by_name)
    grid = [dict(zip(names, row, strict=True)) for row in product(*levels_by_name.values())]
    random.Random(seed).shuffle(grid)

    def pairs(row: Mapping[str, float | None]) -> set[tuple[str, float | None, str, float | None]]:
        return {(a, row[a], b, row[b]) for a, b in combinations(names, 2)}

    missing = set().union(*(pairs(row) for row in grid))
    rows = []
    while missing:
        row = max(grid, key=lambda each: len(pairs(each) & missing))
        rows.append(row)
        missing -= pairs(row)
    return rows


def cells(machine_cpus: int, *, has_threads: bool, has_database: bool) -> list[Setting]:
    """Every setting of the covering design but the base, which is measured twice anyway."""
    chosen = covering(levels(machine_cpus, has_threads=has_threads, has_database=has_database))
    settings = [Setting(**row) for row in chosen]  # type: ignore[arg-type] # counts are whole numbers in `levels`
    base = base_of(has_threads=has_threads, has_database=has_database)
    return [setting for setting in settings if setting != base]


def base_of(*, has_threads: bool, has_database: bool) -> Setting:
    """The base of an app with or without."""
    return replace(BASE, threads=BASE.threads if has_threads else None, pool=BASE.pool if has_database else None)


def smoke_cells(*, has_threads: bool, has_database: bool) -> list[Setting]:
    """Two changes of one setting each, for a first look."""
    base = base_of(has_threads=has_threads, has_database=has_database)
    second = replace(base, round_trip_ms=2.0) if has_database else replace(base, threads=1)
    return [replace(base, workers=3), second]


def changed(setting: Setting, base: Setting) -> tuple[str, ...]:
    """The names of the settings in which the two differ."""
    return tuple(name for name in Setting.__dataclass_fields__ if getattr(setting, name) != getattr(base, name))
