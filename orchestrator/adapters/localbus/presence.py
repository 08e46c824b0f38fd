"""Which agents are online, as long as their desk says so."""

from collections.abc import Mapping, Sequence


class Presence:
    """Teams and expiry by agent, by app. Expired agents are dropped when the app is read."""

    def __init__(self) -> None:
        self.apps: dict[str, dict[str, tuple[tuple[str, ...], float]]] = {}

    def keep(self, app_id: str, agent_id: str, teams: Sequence[str], ttl: float, now: float) -> None:
        if ttl > 0:
            self.apps.setdefault(app_id, {})[agent_id] = (tuple(teams), now + ttl)
        else:
            self.apps.get(app_id, {}).pop(agent_id, None)

    def read(self, app_id: str, now: float) -> Mapping[str, Sequence[str]]:
        agents = self.apps.get(app_id, {})
        for agent_id in [agent_id for agent_id, (_, until) in agents.items() if until <= now]:
            del agents[agent_id]
        return {agent_id: teams for agent_id, (teams, _) in agents.items()}
