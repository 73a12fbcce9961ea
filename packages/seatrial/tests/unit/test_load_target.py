import socket
import ssl
from pathlib import Path

import pytest

from seatrial.errors import LoadError
from seatrial.load.http.target import split_url, target


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("ws://127.0.0.1:8000", "only http:// and https://"),
        ("127.0.0.1:8000", "only http:// and https://"),
        ("ftp://127.0.0.1", "only http:// and https://"),
        ("http://", "only http:// and https://"),
        ("http://example.org", "not this machine"),
        ("https://example.org", "not this machine"),
        ("http://10.0.0.1:8000", "not this machine"),
        ("http://[2001:db8::1]:8000", "not this machine"),
        ("http://127.0.0.1:8000/app", "more than an address"),
        ("https://me:secret@localhost", "more than an address"),
        ("http://127.0.0.1:99999", "Port out of range"),
        ("http://[::1", "Invalid IPv6 URL"),
        ("unix:", "names no Unix socket"),
        (f"unix:/{'x' * 107}", "names no Unix socket"),
        ("http+unix:///run/app.sock", "more than an address"),
        ("http+unix://%2Frun%2Fapp.sock/home", "more than an address"),
    ],
)
def test_a_target_that_cannot_be_driven_is_refused(url: str, words: str) -> None:
    with pytest.raises(LoadError, match=words):
        target(url)


def test_targets_on_this_machine() -> None:
    plain = target("http://127.0.0.1:8000")
    assert (plain.address, plain.port, plain.scheme, plain.tls, plain.is_socket) == (
        "127.0.0.1",
        8000,
        "http",
        None,
        False,
    )
    assert (plain.host_header, str(plain)) == ("127.0.0.1:8000", "127.0.0.1:8000")
    assert target("http://127.0.0.1:8000", "town.example").host_header == "town.example"
    assert target("http://127.0.0.2").port == 80
    six = target("http://[::1]:8000")
    assert (six.address, six.port, six.host_header, str(six)) == ("::1", 8000, "[::1]:8000", "[::1]:8000")
    assert six.origins == {"[::1]:8000"}


def test_a_redirect_to_the_target_is_told_with_and_without_its_usual_port() -> None:
    assert target("http://127.0.0.1", "Town.example").origins == {"town.example", "127.0.0.1", "127.0.0.1:80"}
    assert target("http://127.0.0.1:80").origins == {"127.0.0.1:80", "127.0.0.1"}
    assert target("https://localhost:443").origins == {"localhost:443", "localhost"}
    assert target("http://127.0.0.1:443").origins == {"127.0.0.1:443"}


@pytest.mark.parametrize("url", ["unix:/run/app.sock", "unix:///run/app.sock", "http+unix://%2Frun%2Fapp.sock/"])
def test_a_unix_socket_is_on_this_machine(url: str) -> None:
    there = target(url)
    assert (there.address, there.port, there.is_socket, there.scheme) == ("/run/app.sock", 0, True, "http")
    assert (there.host_header, there.origins, str(there)) == ("localhost", {"localhost"}, "unix:/run/app.sock")
    assert target(url, "town.example").origins == {"town.example", "localhost"}


def test_tls_asks_for_the_name_of_the_url_or_of_the_host_header_and_verifies() -> None:
    there = target("https://localhost:8443")
    assert there.tls is not None
    assert (there.port, there.server_name, there.scheme) == (8443, "localhost", "https")
    assert (there.tls.verify_mode, there.tls.check_hostname) == (ssl.CERT_REQUIRED, True)
    assert target("https://127.0.0.1").port == 443
    assert target("https://127.0.0.1:8443", "town.example:8443").server_name == "town.example"
    assert target("https://[::1]:8443").server_name == "::1"
    careless = target("https://localhost:8443", verify=False).tls
    assert careless is not None
    assert (careless.verify_mode, careless.check_hostname) == (ssl.CERT_NONE, False)


def test_a_ca_file_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    missing, empty = tmp_path / "missing.pem", tmp_path / "empty.pem"
    empty.write_text("this is no certificate\n")
    for path, words in ((missing, "No such file"), (empty, "cannot be used")):
        with pytest.raises(LoadError, match=words) as caught:
            target("https://localhost:8443", ca_file=path)
        assert caught.value.where == str(path)


@pytest.mark.parametrize(("family", "address"), [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")])
def test_localhost_is_the_address_somebody_listens_on(family: socket.AddressFamily, address: str) -> None:
    try:
        listener = socket.create_server((address, 0), family=family)
    except OSError:
        pytest.skip(f"this machine has no {address}")
    with listener:
        found = target(f"http://localhost:{listener.getsockname()[1]}").address
    if found != address and len(socket.getaddrinfo("localhost", 80, type=socket.SOCK_STREAM)) < 2:
        pytest.skip("localhost has one address here")
    assert found == address


@pytest.mark.parametrize(
    ("url", "base", "path"),
    [
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000", "/"),
        ("http://127.0.0.1:8000/home?page=2&x#part", "http://127.0.0.1:8000", "/home?page=2&x"),
        ("https://[::1]:8443?q=1", "https://[::1]:8443", "/?q=1"),
        ("127.0.0.1:8000/a/b", "http://127.0.0.1:8000", "/a/b"),
        ("localhost", "http://localhost", "/"),
        ("unix:/run/app.sock", "unix:/run/app.sock", "/"),
        ("unix:/run/app.sock:/home?x=1", "unix:/run/app.sock", "/home?x=1"),
        ("http+unix://%2Frun%2Fapp.sock/home", "http+unix://%2Frun%2Fapp.sock", "/home"),
    ],
)
def test_a_url_is_split_into_what_is_driven_and_what_is_asked_for(url: str, base: str, path: str) -> None:
    assert split_url(url) == (base, path)


@pytest.mark.parametrize("url", ["", "http://", "http:///home", "http://[::1/home"])
def test_what_is_no_url_is_refused(url: str) -> None:
    with pytest.raises(LoadError, match="is no URL"):
        split_url(url)


def test_a_name_that_nobody_can_know_is_told_as_the_urls_with_what_to_do() -> None:
    # Too long for a name, so that nobody has to be asked.
    with pytest.raises(LoadError, match=r"^URL: the name 'a+' is not known: .*\nIs it spelled rightly\?"):
        target(f"http://{'a' * 64}:8000", allow_remote=True)
