"""What people copy out of the browser, and the address of the server in it."""

from __future__ import annotations

import pytest

from connectors.label_studio.address import address_of


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("  http://127.0.0.1:8080/ ", "http://127.0.0.1:8080"),
        ("http://host:8080//", "http://host:8080"),
        ("http://host:8080/projects/1/data", "http://host:8080"),
        ("http://host:8080/projects/1/data?tab=3&task=17#top", "http://host:8080"),
        ("http://host:8080/projects/", "http://host:8080"),
        ("http://host:8080/projects", "http://host:8080"),
        ("http://host/ls/projects/3", "http://host/ls"),
        ("http://host/a/ls/user/account/personal-access-token", "http://host/a/ls"),
        ("http://host/people", "http://host"),
        ("http://host/organization/webhooks", "http://host"),
        ("http://host/api/version/", "http://host"),
        ("http://host/ls/", "http://host/ls"),
        ("http://host/my-projects/1", "http://host/my-projects/1"),
        ("http://projects/api.html", "http://projects/api.html"),
        ("https://label.example.com?next=/projects/", "https://label.example.com"),
        ("https://label.example.com/#/projects", "https://label.example.com"),
        ("HTTP://Host:8080/projects/1", "http://Host:8080"),
        ("127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("127.0.0.1:8080/projects/1/data", "http://127.0.0.1:8080"),
        ("[::1]:8080", "http://[::1]:8080"),
        ("10.1.2.3", "http://10.1.2.3"),
        ("192.168.0.5:8080/ls/", "http://192.168.0.5:8080/ls"),
        ("93.184.216.34", "https://93.184.216.34"),
        ("localhost:8080", "http://localhost:8080"),
        ("label-studio:8080", "http://label-studio:8080"),
        ("studio.lan", "http://studio.lan"),
        ("label.example.com", "https://label.example.com"),
        ("label.example.com:8443/projects/1", "https://label.example.com:8443"),
        ("me:secret@label.example.com", "https://me:secret@label.example.com"),
    ],
)
def test_the_servers_address_is_what_counts(typed: str, address: str) -> None:
    assert address_of(typed) == address
    assert address_of(address) == address


@pytest.mark.parametrize(
    "typed", ["", "http:", "http:/", "http://", "https:///projects", "ftp://127.0.0.1", "http://[::1"]
)
def test_what_is_no_address_stays_to_be_refused(typed: str) -> None:
    assert address_of(typed) == typed
