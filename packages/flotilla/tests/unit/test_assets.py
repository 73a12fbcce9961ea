"""Static files written out for a web server in front."""

from pathlib import Path

import pytest

from flotilla.errors import StartError
from flotilla.web.assets import copy_assets, read_assets


def test_each_file_lies_at_its_address_and_those_of_earlier_versions_stay(tmp_path: Path) -> None:
    earlier = tmp_path / "static" / "0123456789ab" / "flotilla.css"
    earlier.parent.mkdir(parents=True)
    earlier.write_text("of an earlier version")
    assert copy_assets(tmp_path) == copy_assets(tmp_path) == len(read_assets())
    for asset in read_assets().values():
        assert (tmp_path / asset.url.lstrip("/")).read_bytes() == asset.content
    assert earlier.read_text() == "of an earlier version"
    assert not list(tmp_path.rglob("*.new"))


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "static").write_text("a file is in the way")
    with pytest.raises(StartError, match=r"could not be written to .*: "):
        copy_assets(tmp_path)
