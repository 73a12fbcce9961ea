"""The best settings of a server on a plan: which to try, and what the trials say. Pure."""

__all__: list[str] = []
