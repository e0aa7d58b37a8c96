"""Whom to trust: a TLS context from what a profile says."""

import asyncio
import hashlib
import ssl
from contextlib import suppress

from workbench.config.profile import Profile
from workbench.engines.elasticsearch.failures import ClusterError


class FingerprintError(OSError):
    """No certificate has the fingerprint; the text names those that were seen."""


async def trust(profile: Profile, host: str, port: int) -> ssl.SSLContext:
    """Make the context for one node.

    A fingerprint may be that of the server's own certificate or of any CA's above it. The certificate that has it
    is looked for among those that the server presents, and in `ca_file`; it then is the only one trusted, and
    OpenSSL checks the real connection against it. So a server that merely presents it gains nothing. The host's name
    is not looked at: with a CA's fingerprint, any server with a certificate of that CA is trusted.

    Raises:
        ClusterError: A file of the profile cannot be used.
        FingerprintError: No certificate has the fingerprint.
        OSError: The server cannot be reached, or does not speak TLS.
    """
    if not (profile.verify and profile.fingerprint):
        return await asyncio.to_thread(_context, profile)
    wanted = profile.fingerprint.replace(":", "").replace(" ", "").lower()
    presented = await _presented(profile, host, port)
    own = await asyncio.to_thread(_own_authorities, profile)
    for certificate in (*presented, *own):
        if _fingerprint(certificate) == wanted:
            return await asyncio.to_thread(_pinned, profile, certificate)
    seen = ", ".join(_fingerprint(certificate) for certificate in presented) or "none"
    raise FingerprintError(seen)


def _context(profile: Profile) -> ssl.SSLContext:
    if not profile.verify:
        return _with_own_certificate(_trusting_anyone(), profile)
    # From Python 3.13 on, the default context asks for extensions that the CA which Elasticsearch makes has not.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if profile.ca_file:
        _load_authorities(context, profile)
    else:
        import certifi

        context.load_default_certs()
        context.load_verify_locations(certifi.where())
    return _with_own_certificate(context, profile)


def _pinned(profile: Profile, certificate: bytes) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_flags |= ssl.VerifyFlags.VERIFY_X509_PARTIAL_CHAIN
    context.load_verify_locations(cadata=certificate)
    return _with_own_certificate(context, profile)


def _trusting_anyone() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _with_own_certificate(context: ssl.SSLContext, profile: Profile) -> ssl.SSLContext:
    if profile.client_cert:
        key = profile.client_key or None
        try:
            # Without a password OpenSSL would ask for one on the terminal.
            context.load_cert_chain(profile.client_cert, key, password="")
        except (OSError, ValueError) as error:
            raise ClusterError(
                f"The client certificate {profile.client_cert} cannot be used: {_why(error)}.",
                "client_cert and client_key are PEM files that belong together; the key has no password.",
            ) from None
    return context


def _load_authorities(context: ssl.SSLContext, profile: Profile) -> None:
    try:
        context.load_verify_locations(cafile=profile.ca_file)
    except (OSError, ValueError) as error:
        raise ClusterError(
            f"The CA file {profile.ca_file} cannot be used: {_why(error)}.",
            "ca_file is a PEM file, such as config/certs/http_ca.crt of Elasticsearch.",
        ) from None


def _own_authorities(profile: Profile) -> list[bytes]:
    if not profile.ca_file:
        return []
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    _load_authorities(context, profile)
    return context.get_ca_certs(binary_form=True)


async def _presented(profile: Profile, host: str, port: int) -> list[bytes]:
    """The certificates that a server shows, in DER; nothing else is said to it."""
    context = await asyncio.to_thread(lambda: _with_own_certificate(_trusting_anyone(), profile))
    _, writer = await asyncio.open_connection(host, port, ssl=context)
    try:
        return _chain(writer.get_extra_info("ssl_object"))
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()


def _chain(shaken: ssl.SSLObject) -> list[bytes]:
    if hasattr(shaken, "get_unverified_chain"):  # Public from Python 3.13 on.
        return list(shaken.get_unverified_chain())
    import _ssl

    inner = shaken._sslobj  # type: ignore[attr-defined]
    return [certificate.public_bytes(_ssl.ENCODING_DER) for certificate in inner.get_unverified_chain() or ()]


def _fingerprint(certificate: bytes) -> str:
    return hashlib.sha256(certificate).hexdigest()


def _why(error: Exception) -> str:
    reason = getattr(error, "reason", None) or getattr(error, "strerror", None) or "it is no PEM file"
    return str(reason).replace("_", " ").lower()
