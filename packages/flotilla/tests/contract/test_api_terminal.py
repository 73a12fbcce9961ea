"""Flotilla from a terminal: the program toot signs in through the consent page and does what people do."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from flotilla.social.scopes import accepted_scopes


@pytest.fixture
def toot(tmp_path: Path) -> Any:
    """toot("post", "Ahoy"): what the command printed."""

    def run(*arguments: str, typed: str = "") -> str:
        done = subprocess.run(
            [sys.executable, "-m", "toot", *arguments],
            input=typed,
            check=False,
            env={"XDG_CONFIG_HOME": str(tmp_path), "PATH": os.environ["PATH"], "LANG": "C.UTF-8"},
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 0, f"toot {' '.join(arguments)}: {done.stdout}{done.stderr}"
        return done.stdout

    return run


def test_toot_signs_in_posts_reads_and_follows(server: Any, toot: Any, tmp_path: Path) -> None:
    ada, bob = server.person("ada"), server.person("bob")
    post_id = server.site.posts.publish(bob, "Wind from the west #sailing")

    # The first run registers the app and shows where to let it in; then it is cancelled by an end of input.
    with pytest.raises(AssertionError) as cancelled:
        toot("login", "--instance", server.url, typed="n\n")
    address = re.search(r"http\S+/oauth/authorize/\?\S+", str(cancelled.value))[0]
    asked = dict(parse_qsl(urlsplit(address).query))
    app = server.site.apps.of_client(asked["client_id"])
    code = server.site.grants.let_in(
        ada, app, redirect_uri=asked["redirect_uri"], scopes=accepted_scopes(asked["scope"]), challenge=""
    )
    assert "Successfully logged in" in toot("login", "--instance", server.url, typed=f"n\n{code}\n")

    assert "Toot posted" in toot("post", "Ahoy from a terminal @bob", "--visibility", "unlisted")
    assert "now following" in toot("follow", "bob")
    home = toot("timelines", "home")
    assert "Wind from the west" in home
    assert "Ahoy from a terminal" in home
    assert "favourited" in toot("favourite", str(post_id))
    assert "@bob" in toot("search", "bob")
    domain = server.url.removeprefix("http://")
    assert domain in toot("instance")
    assert server.site.timelines.likes(ada).items[0].id == post_id
