"""What browsers are called by people."""

import pytest

from paygate.web.desk.browsers import browser_name

WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64)"
CHROME = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36"


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        (f"{WINDOWS} {CHROME}", "Chrome · Windows"),
        (f"{WINDOWS} {CHROME} Edg/130.0.0.0", "Edge · Windows"),
        (f"{WINDOWS} coc_coc_browser/130.0 {CHROME}", "Cốc Cốc · Windows"),
        (f"{WINDOWS} Gecko/20100101 Firefox/132.0", "Firefox · Windows"),
        (f"Mozilla/5.0 (Linux; Android 14; K) {CHROME}", "Chrome · Android"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1", "Safari · iOS"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Version/18.0 Safari/605.1.15", "Safari · macOS"),
        ("curl/8.9", "curl/8.9"),
        ("<script>" * 20, ("<script>" * 20)[:60]),
        ("", ""),
    ],
)
def test_a_browser_is_called_as_people_call_it(agent: str, name: str) -> None:
    assert browser_name(agent) == name
