"""Flotilla: a social network in Flask on PostgreSQL that fits whole on the smallest plan."""

__all__ = ["__version__"]

__version__ = "0.1.0"
