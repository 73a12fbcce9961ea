"""What services, and settings of servers, ask of the rest of the file. Pure."""

import re
from collections.abc import Iterator

from seatrial.spec.checking import Checked, Problem, Rule
from seatrial.spec.rules import database_kind

__all__ = ["SERVICES_RULES"]

OWN_SETTINGS = frozenset(
    {
        *("port", "listen_addresses", "unix_socket_directories", "data_directory", "config_file", "hba_file"),
        *("ident_file", "ssl", "log_destination", "logging_collector", "log_line_prefix", "log_parameter_max_length"),
        *("log_statement", "log_duration", "log_min_duration_statement", "log_checkpoints", "lc_messages"),
    }
)
"""Of PostgreSQL, which Seatrial needs as it sets them: to reach it, to limit it and to read its log."""


def _balancer(checked: Checked) -> Iterator[Problem]:
    values = checked.values
    for prefix in values["services.static"]:
        if not re.fullmatch(r"/(?:[\w.~-]+/)+", prefix):
            at = ("services", "static", prefix)
            yield Problem(at, "must be a path with a slash at both ends.", 'For example "/static/".')
    balancer = values["services.balancer"]
    if values["services.micro_cache_s"] and balancer != "nginx":
        yield Problem(("services", "micro_cache_s"), "is done by nginx.", 'Say balancer = "nginx", or leave it out.')
    if values["services.static"] and balancer == "haproxy":
        what = "is served by the balancer, and HAProxy serves no files."
        yield Problem(("services", "static"), what, 'Say balancer = "caddy" or "nginx", or leave it out.')
    if balancer != "none":
        return
    wanted = (
        ("instances", values["services.instances"] > 1, "need a balancer that spreads the requests over them."),
        ("hosts", values["services.hosts"] > 1, "need a balancer that spreads the requests over them."),
        ("static", bool(values["services.static"]), "is served by the balancer, and there is none."),
        ("compression", values["services.compression"], "is done by the balancer, and there is none."),
    )
    for name, is_wanted, what in wanted:
        if is_wanted:
            yield Problem(("services", name), what, 'Say balancer = "caddy" in [services], or leave it out.')


def _started_elsewhere(checked: Checked) -> Iterator[Problem]:
    names = [name for name in ("pooler", "cache", "balancer") if checked.values[f"services.{name}"] != "none"]
    if checked.values["subject.url"]:
        for name in names:
            yield Problem(
                ("services", name),
                "is not used with subject.url: an app that is already running has its servers already.",
                "Leave it out.",
            )
    elif "pooler" in names and database_kind(checked) != "embedded":
        yield Problem(
            ("services", "pooler"),
            "stands in front of the PostgreSQL that Seatrial starts itself, and there is none.",
            'Leave it out, or use kind = "embedded" in [database].',
        )
    if "pooler" not in names and "services.pool_size" in checked.given:
        yield Problem(
            ("services", "pool_size"),
            "is the pooler's, and there is none.",
            'Say pooler = "pgbouncer"; connections that each process of the app keeps are database.pool.',
        )


def _settings(checked: Checked) -> Iterator[Problem]:
    settings = checked.values["database.settings"]
    if settings and database_kind(checked) != "embedded":
        yield Problem(
            ("database", "settings"),
            "are of the PostgreSQL that Seatrial starts itself, and there is none.",
            'Leave them out, or use kind = "embedded".',
        )
    for name in settings:
        at = ("database", "settings", name)
        if name.lower() in OWN_SETTINGS:
            yield Problem(at, "is set by Seatrial itself, which needs it so.", "Leave it out.")
        elif not re.fullmatch(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)?", name):
            yield Problem(at, "is not a name that a setting can have.", "For example shared_buffers.")


SERVICES_RULES: tuple[Rule, ...] = (
    Rule(
        (
            *("services.balancer", "services.instances", "services.static", "services.compression"),
            *("services.micro_cache_s", "services.hosts"),
        ),
        _balancer,
    ),
    Rule(
        (
            *("services.pooler", "services.pool_size", "services.cache", "services.balancer"),
            *("subject.url", "database.kind", "database.url"),
        ),
        _started_elsewhere,
    ),
    Rule(("database.settings", "database.kind", "database.url", "subject.url"), _settings),
)
