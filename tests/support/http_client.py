"""What the tests of HttpClient give it: a resolver of its own, a certificate, keys to keep."""

from collections.abc import Sequence
from pathlib import Path

PUBLIC = "127.0.0.2"


PEM = Path(__file__).parents[1] / "support" / "tls" / "bot.example.pem"


class Names:
    """A resolver: each name's answers in turn, the last one for ever."""

    def __init__(self, **names: list[list[str]]) -> None:
        self.names = {name.replace("_", "."): answers for name, answers in names.items()}
        self.asked: list[str] = []

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked.append(host)
        if host not in self.names:
            raise OSError(f"{host} is unknown")
        answers = self.names[host]
        return answers.pop(0) if len(answers) > 1 else answers[0]


KEYS = {"Authorization": "Bearer s3cret", "Cookie": "s3cret", "X-Api-Key": "s3cret", "Accept": "application/json"}
