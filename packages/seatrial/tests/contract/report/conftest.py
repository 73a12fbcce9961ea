"""The findings that the unit tests of the report use, for the page in a real browser."""

import runpy
from pathlib import Path

import pytest

SAMPLES = runpy.run_path(str(Path(__file__).parents[2] / "unit" / "report" / "conftest.py"))


@pytest.fixture
def sample():
    """Builds findings of a good study."""
    return SAMPLES["sample_findings"]


@pytest.fixture
def bare():
    """Builds findings of a study that saw nothing."""
    return SAMPLES["bare_findings"]
