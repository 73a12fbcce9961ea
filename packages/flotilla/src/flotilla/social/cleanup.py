"""Removing what nobody can use any more, a bounded number of rows at a time."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from flotilla.social.background import Background, Task
from flotilla.store import account_states as state_rows
from flotilla.store import apps as app_rows
from flotilla.store import edits as edit_rows
from flotilla.store import jobs as job_rows
from flotilla.store import mutes as mute_rows
from flotilla.store import notifications as notification_rows
from flotilla.store import seen_addresses as address_rows
from flotilla.store import sessions as session_rows
from flotilla.store.database import Database, Work
from flotilla.store.ids import first_id_at

__all__ = ["CLEAN_UP", "clean_up", "clean_up_regularly"]

CLEAN_UP = Task("clean_up", queue="cleanup")
EVERY_S = 3600
BATCH = 1_000
# Longer than the link to confirm the address works.
UNCONFIRMED_KEPT = timedelta(days=7)
FAILED_JOBS_KEPT_DAYS = 14
ADDRESSES_KEPT_DAYS = 90
UNUSED_APPS_KEPT_DAYS = 30
NOTIFICATIONS_KEPT_DAYS = 180
# A form that is sent again a day later is meant.
FORM_KEYS_KEPT_DAYS = 1

# Each removes at most so many rows (the second argument) and says how many it did.
SWEEPS: tuple[Callable[[Work, int], int], ...] = (
    lambda work, most: session_rows.forget_expired(work, most=most),
    lambda work, most: state_rows.forget_unconfirmed(work, made_before=datetime.now(UTC) - UNCONFIRMED_KEPT, most=most),
    lambda work, most: job_rows.forget_failed(work, days=FAILED_JOBS_KEPT_DAYS, most=most),
    lambda work, most: mute_rows.forget_expired(work, most=most),
    lambda work, most: notification_rows.forget_old(work, before=_days_ago(NOTIFICATIONS_KEPT_DAYS), most=most),
    lambda work, most: app_rows.forget_unused(work, days=UNUSED_APPS_KEPT_DAYS, most=most),
    lambda work, most: edit_rows.forget_claims(work, before_id=_days_ago(FORM_KEYS_KEPT_DAYS), most=most),
    lambda work, most: address_rows.forget_old(work, days=ADDRESSES_KEPT_DAYS, most=most),
)


def clean_up_regularly(background: Background, database: Database) -> None:
    """Let the jobs process clean up every hour."""
    background.does(CLEAN_UP, lambda: clean_up(database), every_s=EVERY_S)


def clean_up(database: Database) -> int:
    """Remove what ran out, and what was kept long enough; how many rows. Each batch is a transaction of its own."""
    removed = 0
    for sweep in SWEEPS:
        while True:
            with database.write() as work:
                count = sweep(work, BATCH)
            removed += count
            if count < BATCH:
                break
    return removed


def _days_ago(days: int) -> int:
    return first_id_at(datetime.now(UTC) - timedelta(days=days))
