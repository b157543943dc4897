"""Where people reach the app by HTTPS, no browser sends its cookies by anything else."""

from pathlib import Path

import httpx

from tests.browser.running import running_app

LOGIN = """
[auth]
redirect_uri = "https://runlight.example.org/oauth2callback"
cookie_secret = "forty letters that nobody else may know!"
client_id = "runlight"
client_secret = "hush"
server_metadata_url = "https://login.example.org/.well-known/openid-configuration"

[[people]]
values = ["kim@example.org"]
role = "viewer"
projects = ["shop"]
"""


def test_the_cookies_of_an_app_that_people_reach_by_https_are_for_https_alone(tmp_path: Path) -> None:
    login_file = tmp_path / "login.toml"
    login_file.write_text(LOGIN)
    with running_app("http://127.0.0.1:9", tmp_path / "app.log", login_file=login_file) as app:
        cookies = [
            cookie
            for path in (
                "/_stcore/health",
                "/auth/logout",
            )  # the way in needs an identity provider; this is the way out
            for cookie in httpx.get(f"{app}{path}", timeout=60).headers.get_list("set-cookie")
        ]
    assert {cookie.partition("=")[0] for cookie in cookies} > {"_streamlit_user", "_streamlit_user_tokens"}
    assert [cookie for cookie in cookies if cookie.count("; Secure") != 1] == []
