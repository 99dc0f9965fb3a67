"""A call to a host that somebody else named: only over TLS and only to a public address, unless the operator allows more.

The name is resolved here and the connection goes to the address that was checked, so that a name that resolves
differently in between (DNS rebinding) has no effect. Redirects are not followed, and no more is read than was asked for.
"""

import asyncio
import socket
import ssl
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, partial
from ipaddress import IPv6Address, ip_address, ip_network
from urllib.parse import SplitResult, urlsplit

import certifi
import httpx

TIMEOUT = 15.0  # seconds of a whole attempt, from the name to the answer
PORTS = {443, 8443}  # of hosts that are public
AT_HOME = {"localhost", "local", "internal", "home", "lan"}  # ends of names that no public host has
UNICAST = ip_network("2000::/3")  # of IPv6 nothing else is one public host's
# 6to4, Teredo, examples, and protocols' own
DISGUISES = tuple(map(ip_network, ("2002::/16", "2001::/23", "3fff::/20", "192.88.99.0/24", "192.0.0.0/24")))
_names = ThreadPoolExecutor(64, "names")  # a name server may be silent: a thread that waits for one waits alone


class NoAnswer(Exception):
    """A host can't be called, or has not answered. The message names no address and no person.

    Args:
        final: whether trying again is of no use.
    """

    def __init__(self, says: str, final: bool = False) -> None:
        super().__init__(says)
        self.final = final


@dataclass(frozen=True)
class HostAnswer:
    """What a host has answered; of the body as much as was asked for."""

    status: int
    headers: Mapping[str, str]
    body: bytes


async def call(
    method: str,
    url: str,
    *,
    body: bytes | None = None,
    headers: Mapping[str, str],
    private: bool,
    reads: int = 0,
) -> HostAnswer:
    """Calls a host once; the caller sets the total time.

    Args:
        private: whether hosts that are not public may be called, by http and on any port.
        reads: bytes of the body that are read at most; of a longer one nothing is taken.

    Raises:
        NoAnswer: says what went wrong.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", port_of(parts)
    except ValueError:
        raise NoAnswer("its address is none", final=True) from None
    targets = await _resolve(host, port, private)
    if not private and port not in PORTS:
        raise NoAnswer("the port is not one that calls go to", final=True)
    named = {**headers, "Host": parts.netloc.rpartition("@")[2], "Accept-Encoding": "identity"}
    failed = ""
    for target in targets:
        shown = f"[{target}]" if ":" in target else target
        direct = parts._replace(netloc=f"{shown}:{port}").geturl()
        try:
            async with (
                httpx.AsyncClient(timeout=TIMEOUT, trust_env=False, verify=tls()) as client,
                client.stream(method, direct, content=body, headers=named, extensions={"sni_hostname": host}) as answer,
            ):
                return HostAnswer(answer.status_code, answer.headers, await _read(answer, reads))
        except httpx.ConnectError as error:  # the next address of the host may do
            failed = type(error).__name__
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise NoAnswer(f"no answer: {type(error).__name__}") from None
    raise NoAnswer(f"no answer: {failed}")


async def _read(answer: httpx.Response, most: int) -> bytes:
    body = b""
    if most and answer.headers.get("Content-Encoding", "identity") != "identity":
        raise NoAnswer("the answer is packed, which was not asked for", final=True)
    if most:
        async for part in answer.aiter_raw():  # what is unpacked has no bound
            body += part
            if len(body) > most:
                raise NoAnswer("the answer is too long", final=True)
    return body


@cache
def tls() -> ssl.SSLContext:
    """The certificates that are trusted; read once, for that takes longer than a call."""
    return ssl.create_default_context(cafile=certifi.where())


def port_of(parts: SplitResult) -> int:
    """The port of an address, written or usual."""
    return parts.port or (443 if parts.scheme == "https" else 80)


def fault_of(url: str, private: bool) -> str | None:
    """What is wrong with an address that can be seen without asking anybody; None where nothing is."""
    try:
        parts = urlsplit(url)
        port = port_of(parts)
    except ValueError:
        return "is no address"
    if parts.scheme not in ("http", "https") or not parts.hostname or not url.isprintable():
        return "is no address"
    if private:
        return None
    if parts.scheme != "https":
        return "must be an https address"
    if port not in PORTS:
        return "names a port that messages do not go to"
    host = (parts.hostname or "").rstrip(".")
    if host.rpartition(".")[2] in AT_HOME:
        return "is not a public host"
    with suppress(OSError):  # the old spellings of an IPv4 address: 127.1, 0x7f000001, 2130706433
        host = socket.inet_ntoa(socket.inet_aton(host))
    with suppress(ValueError):  # a name
        return None if is_public(host) else "is not a public host"
    return None


def is_public(address: str) -> bool:
    """Whether an address is that of one host on the public internet, and hides no other.

    An IPv6 address that carries an IPv4 one (mapped, compatible, NAT64, 6to4, Teredo) could lead to any host at home;
    multicast leads to many, and site-local ones stay at home.
    """
    one = ip_address(address.partition("%")[0])
    if isinstance(one, IPv6Address) and one not in UNICAST:
        return False
    return one.is_global and not one.is_multicast and not any(one in net for net in DISGUISES)


async def _resolve(host: str, port: int, private: bool) -> list[str]:
    ask = partial(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
    try:
        found = await asyncio.get_running_loop().run_in_executor(_names, ask)
    except (OSError, UnicodeError):
        raise NoAnswer("the name of the host is not known") from None
    addresses = [str(where[0]) for *_, where in found]
    if not private and not all(map(is_public, addresses)):
        raise NoAnswer("the host is not a public one", final=True)
    return list(dict.fromkeys(addresses))
