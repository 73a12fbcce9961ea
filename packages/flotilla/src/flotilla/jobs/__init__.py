"""The process for background work: `flotilla run jobs`. What the work is, the rules say (`social/background.py`)."""

from flotilla.jobs.process import run_jobs

__all__ = ["run_jobs"]
