"""How many workers the plan's memory holds."""

__all__ = ["workers_that_fit"]


def workers_that_fit(
    plan_bytes: int,
    system_bytes: int,
    database_bytes: int,
    first_worker_bytes: int,
    further_worker_bytes: int,
    *,
    per_worker_database_bytes: int = 0,
) -> int:
    """Workers that fit beside the operating system and the database, all in bytes of proportional set size.

    The first worker (with the server's master) is dearer than each further one, which shares its pages. database_bytes:
    with one worker connected; per_worker_database_bytes: the backends that each further worker adds. 0 when not even
    one fits. Raises ValueError for a further worker that takes nothing, since then any number would fit.
    """
    further_bytes = further_worker_bytes + per_worker_database_bytes
    if further_bytes <= 0:
        raise ValueError("a further worker must take some memory; measure it with at least two workers")
    left_bytes = plan_bytes - system_bytes - database_bytes - first_worker_bytes
    return 0 if left_bytes < 0 else 1 + left_bytes // further_bytes
