"""Who is logged in, where the app has a login (Streamlit's own, by OpenID Connect), and the ways in and out."""

import time
from functools import partial
from typing import Any

import streamlit as st
from streamlit import config

from pages.shared.format import one_line
from pages.shared.people import Login, Person, is_fresh, name_of, person_of, read_login
from settings import Settings, SettingsError, is_loopback, variable

_SHOWN = 60
NOBODY = "Nobody is logged in."


class NotLoggedIn(Exception):
    """The app has a login, and whoever asks has not passed it."""


def prepare() -> Login | None:
    """Have Streamlit read the file of the login, and tell what it says. Raises SettingsError if it will not do, or if
    there is none and others could reach the app."""
    login_file = Settings().login_file
    login = None if login_file is None else read_login(login_file)
    if login_file is not None:
        config.set_option("secrets.files", [str(login_file.absolute())])
    expect_closed_or_local(_address(), has_login=login is not None)
    return login


def expect_closed_or_local(address: str, *, has_login: bool) -> None:
    """Raises SettingsError if others could reach, at this address, an app that lets everybody in."""
    if not has_login and not is_loopback(address):
        raise SettingsError(
            f"server.address: {address!r} can be reached from other machines, and without a login everybody there "
            f"could use the app: set {variable('login_file')}, or listen on 127.0.0.1"
        )


def person() -> Person | None:
    """Who is logged in; None where the app has no login. Raises NotLoggedIn."""
    login = _login()
    if login is None:
        return None
    claims = _claims()
    known = person_of(claims, login) if is_fresh(claims, login, time.time()) else None
    if known is None:
        raise NotLoggedIn(NOBODY)
    return known


def seen_by() -> str:
    """Tells apart for whom answers are kept at hand: what one person may see is not for all, and who may look at
    restricted content has to ask for it, since that is noted."""
    known = person()
    if known is None:
        return ""
    return f"{known.role} {','.join(known.projects)} {known.name if known.may('review') else ''}"


def may(scope: str) -> bool:
    """Whether the server can be expected to let this person do that. Where there is no login, it is asked."""
    known = person()
    return known is None or known.may(scope)


def settle() -> None:
    """Goes on for whoever may be here. To others it shows the way in, or says that there is none, and stops."""
    login = _login()
    try:
        expect_closed_or_local(_address(), has_login=login is not None)
        person()
    except SettingsError as error:
        st.error("The app is not set up to be reached from other machines.", icon=":material/lock:")
        st.text(str(error))
    except NotLoggedIn:
        assert login is not None
        _draw_door(login)
    else:
        return
    st.stop()


def draw_person() -> None:
    """In the sidebar: who is logged in, and the way out."""
    known = person()
    if known is None:
        return
    with st.sidebar.container(gap="xxsmall", key="who_is_here"):
        st.text(f"{one_line(known.name, _SHOWN)} · {known.role}")
        _draw_way_out()


def _draw_door(login: Login) -> None:
    claims = _claims()
    if claims and is_fresh(claims, login, time.time()):
        st.title("You have no role here")
        st.text(f"You are logged in as {one_line(name_of(claims) or 'somebody without a readable name', _SHOWN)}.")
        st.text("Whoever runs this Runlight can give you one. Log in again once that is done.")
        _draw_way_out()
        return
    st.title("Log in")
    st.text("Whoever runs this Runlight says who may see what production AI agents did.")
    for provider in login.providers:
        label = f"Log in with {provider}" if provider else "Log in"
        st.button(
            label, key=f"log_in_{provider}", type="primary", icon=":material/login:", on_click=partial(_go, provider)
        )


def _go(provider: str | None) -> None:
    st.login(provider)


def _draw_way_out() -> None:
    st.button("Log out", key="log_out", icon=":material/logout:", type="tertiary", on_click=st.logout)


def _claims() -> dict[str, Any]:
    """What the identity provider said of whoever is logged in; nothing if nobody is."""
    said = st.user.to_dict()
    return said if said.get("is_logged_in") else {}


def _address() -> str:
    return str(st.get_option("server.address") or "")


@st.cache_resource(show_spinner=False)  # asked for at every question; reading settings alone takes milliseconds
def _login() -> Login | None:
    login_file = Settings().login_file
    return None if login_file is None else read_login(login_file)
