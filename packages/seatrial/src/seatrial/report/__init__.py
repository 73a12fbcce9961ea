"""Findings told: terminal, HTML, JSON."""
