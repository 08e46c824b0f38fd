"""WeChat's flat XML, read by expat with everything refused that makes XML dangerous: document types, entities."""

from collections.abc import Mapping
from typing import NoReturn
from xml.parsers import expat

from orchestrator.errors import Malformed

DEEPEST = 10
MOST_ELEMENTS = 1000


def read(body: bytes) -> Mapping[str, str]:
    """The text of each element below the root, by its path ("ScanCodeInfo.ScanResult"); the first of each counts.

    Raises Malformed.
    """
    reader = Reader()
    try:
        reader.parser.Parse(body, True)
    except (expat.ExpatError, LookupError, ValueError) as error:
        raise Malformed(f"the body is not XML: {str(error)[:100]}") from None
    return reader.found


class Reader:
    def __init__(self) -> None:
        self.found: dict[str, str] = {}
        self.path: list[str] = []
        self.words: list[str] = []
        self.count = 0
        self.parser = expat.ParserCreate()
        self.parser.StartElementHandler = self.start
        self.parser.EndElementHandler = self.end
        self.parser.CharacterDataHandler = self.say
        self.parser.StartDoctypeDeclHandler = self.forbidden
        self.parser.EntityDeclHandler = self.forbidden
        self.parser.ExternalEntityRefHandler = self.forbidden

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        self.count += 1
        if len(self.path) >= DEEPEST or self.count > MOST_ELEMENTS:
            raise Malformed("the XML holds more than a message does")
        self.path.append(name)
        self.words = []

    def say(self, words: str) -> None:
        self.words.append(words)

    def end(self, name: str) -> None:
        if len(self.path) > 1:
            self.found.setdefault(".".join(self.path[1:]), "".join(self.words).strip())
        self.path.pop()
        self.words = []

    def forbidden(self, *what: object) -> NoReturn:
        raise Malformed("the XML has a document type or entities: no message of WeChat's does")


def written(fields: Mapping[str, str | int]) -> bytes:
    """As WeChat posts it: texts in CDATA."""
    inner = "".join(
        f"<{name}>{value}</{name}>" if isinstance(value, int) else f"<{name}><![CDATA[{safe(value)}]]></{name}>"
        for name, value in fields.items()
    )
    return f"<xml>{inner}</xml>".encode()


def safe(text: str) -> str:
    return text.replace("]]>", "]]]]><![CDATA[>")
