"""Who may do what in the app: the file of the login, and its rules for what the identity provider says of somebody."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from roles import ALLOWS, LONGEST_NAME, PERSON_HEADERS, Role
from settings import SettingsError, variable

_LEAST_SECRET_LETTERS = 32
_S_PER_HOUR = 3_600
_CALLBACK = "/oauth2callback"


@dataclass(frozen=True)
class Person:
    """Somebody who is logged in and may be here."""

    name: str
    role: Role
    projects: tuple[str, ...]

    @property
    def headers(self) -> dict[str, str]:
        """As the server is told whom a question is asked for."""
        told = (quote(self.name, safe=""), self.role, ",".join(self.projects))
        return dict(zip(PERSON_HEADERS, told, strict=True))

    def may(self, scope: str) -> bool:
        """Whether the role allows this."""
        return scope in ALLOWS[self.role]


class Rule(BaseModel):
    """Whoever has one of the values in the claim has the role in the projects."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    provider: str | None = None
    claim: str = Field("email", min_length=1)
    values: frozenset[str] = Field(min_length=1)
    role: Role
    projects: tuple[str, ...] = Field(min_length=1)

    def names(self, claims: Mapping[str, Any]) -> bool:
        """Whether it is about somebody of whom this is claimed, by its provider if it names one. An address counts
        unless it was never verified."""
        if self.provider not in (None, claims.get("provider")):
            return False
        claimed = _address(claims) if self.claim == "email" else claims.get(self.claim)
        found = claimed if isinstance(claimed, (list, tuple)) else [claimed]
        values = {value.lower() for value in self.values} if self.claim == "email" else self.values
        return any(isinstance(value, str) and value in values for value in found)


class _Provider(BaseModel):
    """Streamlit reads more than this of it; this is what must be there."""

    model_config = ConfigDict(extra="allow", frozen=True)

    client_id: str = Field(min_length=1)
    client_secret: str = Field(min_length=1)
    server_metadata_url: str = Field(pattern="^https?://")


class _Auth(BaseModel):
    model_config = ConfigDict(extra="allow", frozen=True)

    redirect_uri: str = Field(pattern=f"^https?://.*{_CALLBACK}$")
    cookie_secret: str = Field(min_length=_LEAST_SECRET_LETTERS)


class Login(BaseModel):
    """What the file of the login says. A login is good for so many hours."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    hours: float = Field(12, gt=0)
    auth: _Auth
    people: tuple[Rule, ...] = Field(min_length=1)

    @property
    def providers(self) -> list[str | None]:
        """The names of the identity providers to choose from; None is the one without a name."""
        named = [name for name, value in (self.auth.model_extra or {}).items() if _is_provider(value)]
        return [*named] or [None]

    @property
    def is_by_https(self) -> bool:
        """Whether people reach the app by HTTPS: they come back to it from the identity provider so."""
        return self.auth.redirect_uri.startswith("https:")


def read_login(path: Path) -> Login:
    """The file of the login. Raises SettingsError, which quotes nothing of it."""
    try:
        login = Login.model_validate(tomllib.loads(path.read_text()))
        for name in login.providers:
            _Provider.model_validate((login.auth.model_extra or {})[name] if name else login.auth.model_extra)
    except OSError as error:
        raise SettingsError(f"{variable('login_file')}: {path} cannot be read ({error.strerror})") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        raise SettingsError(f"{variable('login_file')}: {path} is no TOML") from None
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise SettingsError(f"{variable('login_file')}: {path}: {place}: {first['msg']}") from None
    return login


def person_of(claims: Mapping[str, Any], login: Login) -> Person | None:
    """Who somebody is of whom this is claimed, by the first rule that is about them; None if none is.

    The name is the address if there is one that counts, else the subject, which only the identity provider understands.
    """
    rule = next((rule for rule in login.people if rule.names(claims)), None)
    name = name_of(claims)
    return None if rule is None or name is None else Person(name, rule.role, rule.projects)


def name_of(claims: Mapping[str, Any]) -> str | None:
    """What somebody is called in the log; None if there is nothing that can be a name."""
    name = _address(claims) or claims.get("sub")
    is_name = isinstance(name, str) and name.isprintable() and name == name.strip() and 1 <= len(name) <= LONGEST_NAME
    return str(name) if is_name else None


def is_fresh(claims: Mapping[str, Any], login: Login, now_s: float) -> bool:
    """Whether it was claimed not too long ago: roles that somebody lost at the identity provider end with it."""
    claimed_s = claims.get("iat")
    return isinstance(claimed_s, (int, float)) and now_s - claimed_s < login.hours * _S_PER_HOUR


def _address(claims: Mapping[str, Any]) -> str | None:
    address = claims.get("email")
    return address.lower() if isinstance(address, str) and claims.get("email_verified", True) is True else None


def _is_provider(value: object) -> bool:
    return isinstance(value, Mapping) and "client_id" in value
