"""The Bus of many processes: wake-ups, live updates, rate limits and presence in Redis 7+ or Valkey."""

from orchestrator.adapters.redisbus.bus import RedisBus
from orchestrator.adapters.redisbus.cache import RedisCache

__all__ = ["RedisBus", "RedisCache"]
