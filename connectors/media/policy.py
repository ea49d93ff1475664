"""What a fetch may cost and where it may go."""

from __future__ import annotations

from dataclasses import dataclass, field

from models.errors import ConfigurationError

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class FetchPolicy:
    """Limits of one fetcher. Task data is written by users, so every URI in it is taken for hostile."""

    allowed_hosts: frozenset[str] = field(default=frozenset())
    """``host`` or ``host:port`` that may resolve to a private address, besides Label Studio itself."""
    max_bytes: int = 20 * MIB
    """Bytes of one item's content."""
    max_pixels: int = 50_000_000
    """Width times height of one image; a decoder needs up to 4 bytes for each."""
    max_duration: float = 4 * 3600.0
    """Seconds that one recording may last."""
    seconds: float = 20.0
    """Time for one item, redirects and slow answers included. Resolving a name counts, but is not cut short."""
    max_redirects: int = 3
    cache_bytes: int = 1024 * MIB
    """Disk that kept content may take."""
    cache_grace: float = 300.0
    """Seconds for which content that was just asked for stays, even where the cache grows over its limit."""

    def __post_init__(self) -> None:
        for name in ("max_bytes", "max_pixels", "max_duration", "seconds", "cache_bytes"):
            if getattr(self, name) <= 0:
                raise ConfigurationError(f"media policy: {name} must be greater than 0")
        if self.max_bytes > self.cache_bytes:
            raise ConfigurationError("media policy: cache_bytes must hold at least one item of max_bytes")
