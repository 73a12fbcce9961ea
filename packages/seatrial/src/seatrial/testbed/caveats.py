"""What a test bed has to say beside its measurements, in sentences."""

__all__ = ["COPIED", "LENT", "NO_PINNING", "OWN_DATABASE", "UNTOUCHED", "kept_in_memory"]

UNTOUCHED = "The subject was started by somebody else: no limits were set, and its CPU and memory were not read."

OWN_DATABASE = (
    "The database is your own server: it runs outside the plan's limits, its CPU and memory are not read, and its data "
    "are not reset between starts."
)

LENT = (
    "The app's Python has no gunicorn, so Seatrial lent its own for the trial; install it there before you deploy "
    "(pip install gunicorn)."
)

COPIED = "The app ran in a copy of its folder: what it wrote to files there is gone."

NO_PINNING = "This system keeps no program on chosen CPUs: subject and load generator share them."


def kept_in_memory(folder: str) -> str:
    """For a database whose files lie in memory."""
    return f"{folder} is kept in memory: writes cost the database less than on a disk."
