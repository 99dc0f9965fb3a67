"""Who is at the other end of a connection."""

from ipaddress import ip_address

from starlette.requests import Request
from starlette.types import Scope

LONGEST_ADDRESS = 60  # that is kept: one of IPv6 with its zone may be longer


def address_in(scope: Scope) -> str | None:
    """Where a call comes from: the client, or whom a trusted proxy names; None where that is no address."""
    client = scope.get("client")
    try:
        one = ip_address(client[0] if client else "")
    except ValueError:
        return None
    return str(getattr(one, "ipv4_mapped", None) or one)[:LONGEST_ADDRESS]


def address_of(request: Request) -> str | None:
    """The same of a request."""
    return address_in(request.scope)
