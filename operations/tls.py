"""TLS on both ports: reads the files that the settings name, and says in one line what is wrong with them."""

import ssl
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import grpc

from settings import Settings, SettingsError, variable


@dataclass(frozen=True, slots=True)
class Tls:
    """The server's certificate chain and key, and the authority of its clients', as PEM; and until when it is valid."""

    cert: bytes
    key: bytes
    client_ca: bytes | None
    valid_until: datetime
    _settings: Settings

    def context(self) -> ssl.SSLContext:
        """For HTTP. A certificate that a client shows is checked; whether one is needed depends on the path."""
        context = _context(self._settings)
        if self.client_ca is not None:
            context.load_verify_locations(cadata=self.client_ca.decode("ascii"))
            context.verify_mode = ssl.CERT_OPTIONAL
        return context

    def grpc_credentials(self) -> grpc.ServerCredentials:
        """For OTLP/gRPC, where every client shows a certificate if there is an authority for them."""
        return grpc.ssl_server_credentials([(self.key, self.cert)], self.client_ca, self.client_ca is not None)


def read_tls(settings: Settings) -> Tls | None:
    """What the settings name, or None if they name nothing. Raises SettingsError if it would not do."""
    if settings.tls_cert is None and settings.tls_key is None:
        if settings.tls_client_ca is not None:
            raise SettingsError("RUNLIGHT_TLS_CLIENT_CA: needs RUNLIGHT_TLS_CERT and RUNLIGHT_TLS_KEY too")
        return None
    cert, key = _read(settings, "tls_cert"), _read(settings, "tls_key")
    client_ca = _read(settings, "tls_client_ca") if settings.tls_client_ca else None
    return Tls(cert, key, client_ca and _authority(client_ca), _valid_until(settings), settings)


def authorities_until(path: Path) -> datetime | None:
    """When the first of the authorities in a PEM file ends; None if it has only others' certificates. Raises OSError,
    ssl.SSLError among them."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(cafile=str(path))
    ends = [ssl.cert_time_to_seconds(str(authority["notAfter"])) for authority in context.get_ca_certs()]
    return datetime.fromtimestamp(min(ends), UTC) if ends else None


def _read(settings: Settings, name: str) -> bytes:
    path: Path | None = getattr(settings, name)
    if path is None:
        raise SettingsError(f"{variable(name)}: is missing; TLS needs a certificate and its key")
    try:
        return path.read_bytes()
    except OSError as error:
        raise SettingsError(f"{variable(name)}: {path} cannot be read ({error.strerror})") from None


def _authority(client_ca: bytes) -> bytes:
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_verify_locations(cadata=client_ca.decode("ascii"))
    except (ssl.SSLError, UnicodeDecodeError):
        raise SettingsError(f"{variable('tls_client_ca')}: holds no certificate in PEM form") from None
    return client_ca


def _context(settings: Settings) -> ssl.SSLContext:
    cert, key = str(settings.tls_cert), str(settings.tls_key)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(cert, key, password=_no_passphrase)
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            raise SettingsError(f"{variable('tls_key')}: {key} is not the key of the certificate in {cert}") from None
        raise SettingsError(
            f"{variable('tls_cert')}: {cert} and {key} are no certificate and key in PEM form, or need a passphrase"
        ) from None
    return context


def _no_passphrase() -> str:
    return ""


def _valid_until(settings: Settings) -> datetime:
    """The end of the certificate's time, seen by a client of our own that trusts this certificate alone."""
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.check_hostname = False
    client.verify_flags = ssl.VERIFY_X509_PARTIAL_CHAIN
    server_context = _context(settings)
    client.load_verify_locations(cafile=str(settings.tls_cert))
    try:
        found = _handshake(server_context, client).getpeercert()
    except ssl.SSLCertVerificationError as error:
        raise SettingsError(f"{variable('tls_cert')}: {settings.tls_cert}: {error.verify_message}") from None
    assert found
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(str(found["notAfter"])), UTC)


def _handshake(server_context: ssl.SSLContext, client_context: ssl.SSLContext) -> ssl.SSLObject:
    """The client's side of a connection that is made in memory. Raises ssl.SSLCertVerificationError."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    server = server_context.wrap_bio(to_server, to_client, server_side=True)
    client = client_context.wrap_bio(to_client, to_server)
    waiting = [client, server]
    while waiting:
        side = waiting.pop(0)
        try:
            side.do_handshake()
        except ssl.SSLWantReadError:
            waiting.append(side)
    return client
