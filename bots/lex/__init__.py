"""Amazon Lex V2, by RecognizeText."""

from bots.lex.bot import Settings, create

__all__ = ["Settings", "create"]
