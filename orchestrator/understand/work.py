"""The texts of one message on their way through the chain: what is done, what still needs an engine."""

from collections.abc import Sequence

from orchestrator.understand.guard import Guard, Masked, restore
from orchestrator.understand.memory import Memory
from orchestrator.understand.pieces import Piece, lines, sentences


class Work:
    """Each text is looked up in the memory whole, then by line, then by sentence; what has no words is done.

    `cut` has the pieces of each text, `done` the translation of each piece so far, `pending` the others, guarded.
    """

    def __init__(self, texts: Sequence[str], memory: Memory, source: str, target: str, guard: Guard) -> None:
        self.memory = memory
        self.pair = (source, target)
        self.guard = guard
        self.done: dict[str, str] = {}
        self.guarded: dict[str, Masked] = {}
        self.remembered: set[str] = set()
        self.cut = [self.pieces(text) for text in texts]
        said = {piece.text for pieces in self.cut for piece in pieces}
        self.remembered &= said
        self.pending = {text: masked for text, masked in self.guarded.items() if text in said}

    def pieces(self, text: str) -> list[Piece]:
        if self.knows(text):
            return [Piece("", text)]
        return [piece for line in lines(text) for piece in self.by_sentence(line)]

    def by_sentence(self, line: Piece) -> list[Piece]:
        """The line in one piece, unless the memory knows some of its sentences: engines like context."""
        if self.knows(line.text):
            return [line]
        said = sentences(line.text)
        known = [self.knows(sentence.text) for sentence in said]
        if len(said) < 2 or not any(known):
            return [line]
        first, last = said[0], said[-1]
        return [
            Piece(line.before, first.text, first.after),
            *said[1:-1],
            Piece(last.before, last.text, last.after + line.after),
        ]

    def knows(self, text: str) -> bool:
        if text in self.done or text in self.guarded:
            return text in self.done
        masked = self.guard.mask(text)
        if not masked.has_words:
            # Nothing is left for an engine; a term of the glossary has its translation already.
            self.done[text] = restore(masked.text, masked) or text
        elif (found := self.memory.find(text, *self.pair)) is not None:
            self.done[text] = found
            self.remembered.add(text)
        else:
            self.guarded[text] = masked
        return text in self.done

    def keep(self, text: str, translation: str) -> None:
        self.done[text] = translation
        self.pending.pop(text, None)

    def texts(self) -> tuple[str | None, ...]:
        """Each text put together again; None when a piece of it has no translation: half a text helps nobody."""
        return tuple(
            "".join(piece.before + self.done[piece.text] + piece.after for piece in pieces)
            if all(piece.text in self.done for piece in pieces)
            else None
            for pieces in self.cut
        )
