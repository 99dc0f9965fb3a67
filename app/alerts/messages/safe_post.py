"""A POST to a host that somebody else named: only over TLS and only to a public address, unless the operator allows more.

The name is resolved here and the connection goes to the address that was checked, so that a name that resolves
differently in between (DNS rebinding) has no effect. Redirects are not followed.
"""

import socket
import ssl
from functools import cache
from ipaddress import ip_address
from urllib.parse import urlsplit

import certifi
import httpx
from anyio import getaddrinfo

TIMEOUT = 15.0  # seconds


class NotDelivered(Exception):
    """A delivery has failed. The message names no address and no person.

    Args:
        final: whether trying again is of no use.
        gone: whether the address no longer exists.
        wait: seconds after which the other side wants to be asked again, where it said so.
    """

    def __init__(self, says: str, final: bool = False, *, gone: bool = False, wait: float | None = None) -> None:
        super().__init__(says)
        self.final, self.gone, self.wait = final, gone, wait


async def send(url: str, body: bytes, *, headers: dict[str, str], private: bool) -> None:
    """Posts a body; anything but a 2xx is a failure.

    Raises:
        NotDelivered: says what went wrong.
    """
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    named = {**headers, "Host": parts.netloc.rpartition("@")[2]}
    failed = ""
    for target in await _resolve(host, port, private):
        shown = f"[{target}]" if ":" in target else target
        direct = parts._replace(netloc=f"{shown}:{port}").geturl()
        try:
            async with (
                httpx.AsyncClient(timeout=TIMEOUT, trust_env=False, verify=tls()) as client,
                client.stream("POST", direct, content=body, headers=named, extensions={"sni_hostname": host}) as answer,
            ):
                status, wait = answer.status_code, answer.headers.get("Retry-After", "")
            break
        except httpx.ConnectError as error:  # the next address of the host may do
            failed = type(error).__name__
        except httpx.HTTPError as error:
            raise NotDelivered(f"no answer: {type(error).__name__}") from None
    else:
        raise NotDelivered(f"no answer: {failed}")
    if not 200 <= status < 300:
        later = min(86_400.0, float(wait)) if wait.isascii() and wait.isdigit() else None
        raise NotDelivered(f"answered {status}", final=status == 410, gone=status in (404, 410), wait=later)


@cache
def tls() -> ssl.SSLContext:
    """The certificates that are trusted; read once, for that takes longer than a delivery."""
    return ssl.create_default_context(cafile=certifi.where())


async def _resolve(host: str, port: int, private: bool) -> list[str]:
    try:
        found = await getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise NotDelivered("the name of the host is not known") from None
    addresses = [str(where[0]) for *_, where in found]
    if not private and not all(ip_address(one.partition("%")[0]).is_global for one in addresses):
        raise NotDelivered("the host is not a public one", final=True)
    return list(dict.fromkeys(addresses))
