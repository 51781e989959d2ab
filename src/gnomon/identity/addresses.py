"""What a host name says about where it is."""

import ipaddress


def is_loopback(host: str) -> bool:
    """Whether the host is this machine, by name or number."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
