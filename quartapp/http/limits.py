"""How often a client may ask for what costs something, and who the client is behind Cloudflare."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, cast

from quart import Quart, request
from quart_rate_limiter import RateLimiter, rate_limit

if TYPE_CHECKING:
    from quartapp.settings import Settings


def client_address(peer: str, cf_connecting_ip: str, trusted: Sequence[str]) -> str:
    """Return who asks: Cloudflare's word only when the peer is a proxy that we trust.

    >>> client_address("10.0.0.1", "203.0.113.9", ["10.0.0.0/8"])
    '203.0.113.9'
    >>> client_address("198.51.100.7", "203.0.113.9", ["10.0.0.0/8"])
    '198.51.100.7'
    """
    try:
        address = ipaddress.ip_address(peer)
        believed = any(address in ipaddress.ip_network(network, strict=False) for network in trusted)
        return str(ipaddress.ip_address(cf_connecting_ip.strip())) if believed and cf_connecting_ip else peer
    except ValueError:
        return peer


def enforce(app: Quart, settings: Settings) -> None:
    """Apply the rate limit that each route's policy declares. Kept in this process: Redis may be away."""

    async def key() -> str:
        return client_address(
            request.remote_addr or "", request.headers.get("CF-Connecting-IP", ""), settings.trusted_proxies
        )

    RateLimiter(app, key_function=key)
    for endpoint, handler in app.view_functions.items():
        declared = getattr(handler, "policy", None)
        if declared is not None and declared.limit is not None:
            app.view_functions[endpoint] = cast(Any, rate_limit)(declared.limit, timedelta(minutes=1))(
                handler
            )
