"""Whether the demo's pages exist for a request."""

import ipaddress

from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.http import Http404, HttpRequest

from accounts.models import Installation

LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "[::1]"})
# A request that somebody passed on is not from this machine, whatever address it comes from now.
PASSED_ON = ("HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_HOST", "HTTP_X_REAL_IP", "HTTP_FORWARDED", "HTTP_VIA")


def check_demo_exists(request: HttpRequest) -> None:
    """
    Refuse the request unless this is a demo, with DEBUG, and the visitor sits at this very machine.

    One click signs in as anybody, so each condition stands alone: a proxy in front makes every visitor look
    local, and a name that leads here from elsewhere would let another site's pages in.

    :raises Http404: one of the conditions does not hold
    """
    if not (settings.DEBUG and _is_local(request) and Installation.objects.filter(is_demo=True).exists()):
        raise Http404


def _is_local(request: HttpRequest) -> bool:
    if any(request.META.get(header) for header in PASSED_ON):
        return False
    try:
        host = request.get_host()
        address = ipaddress.ip_address(request.META.get("REMOTE_ADDR", ""))
    except (DisallowedHost, ValueError):
        return False
    name, colon, port = host.rpartition(":")
    if not colon or not port.isdecimal():
        name = host
    return address.is_loopback and name.lower() in LOOPBACK_NAMES
