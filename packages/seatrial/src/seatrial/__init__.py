"""Seatrial: how many requests one worker of your Python web app can handle, measured before you deploy it."""

__all__ = ["__version__"]

__version__ = "0.1.0"
