"""Whole loads: plans, the processes that generate them, and whether the generator itself was the limit."""
