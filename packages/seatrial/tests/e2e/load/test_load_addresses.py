"""`seatrial load` on what is not plain HTTP over TCP: TLS, and Unix sockets."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

pytestmark = pytest.mark.linux

LOAD = ("--rate", "20", "--duration", "0.5", "--arrivals", "constant", "--no-self-check", "--quiet", "--json")


@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs the program openssl")
def test_https_needs_a_certificate_that_is_trusted_or_to_be_told_that_any_will_do(
    gunicorn, run_seatrial, tmp_path: Path
) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", "/CN=seatrial test", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate],
        check=True, capture_output=True, timeout=60,
    )  # fmt: skip
    with gunicorn("--certfile", str(certificate), "--keyfile", str(key)) as plain_url:
        url = f"{plain_url.replace('http:', 'https:')}/"
        refused = run_seatrial("load", url, *LOAD)
        assert refused.status == 1
        found = json.loads(refused.out)
        assert found["errors"] == {"tls": 10}
        assert "certificate" in found["failures"][0]
        for trust in (("--ca-file", certificate), ("--insecure",)):
            found = json.loads(run_seatrial("load", url, *LOAD, *trust).out)
            assert (found["requests"], found["errors"]) == (10, {})


def test_a_unix_socket_is_loaded_by_its_path(gunicorn, run_seatrial, tmp_path: Path) -> None:
    with gunicorn(at=tmp_path / "app.sock") as url:
        ended = run_seatrial("load", f"{url}:/echo?x=1", "--expect-text", "GET", *LOAD)
    found = json.loads(ended.out)
    assert (found["requests"], found["errors"]) == (10, {})
    assert found["operations"].keys() == {"GET /echo?x=1"}
    nobody = run_seatrial("load", f"unix:{tmp_path / 'nobody.sock'}", *LOAD)
    assert nobody.status == 3
    assert "no connection" in nobody.err
    assert os.fspath(tmp_path) in nobody.err
