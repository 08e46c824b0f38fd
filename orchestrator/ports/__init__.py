"""The seams: what the engine needs from the outside, as Protocols. Implement them without inheriting.

A plugin (entry points `parley.connectors`, `parley.bots`, `parley.nlp`) is a module with two names:

* `Settings`: a pydantic model of the plugin's part of the configuration;
* `create(settings, *, clock, http, files)`: the Connector, Bot, Stage or Translator.

A bot's module may have `canned(settings)` too: its language and every text it can say, for `parley translate`.
"""

from orchestrator.ports.bus import Bus, Subscription
from orchestrator.ports.plugins import Bot, Connector, Stage, Translator
from orchestrator.ports.recorder import Recorder
from orchestrator.ports.records import Accounts, Letters, Records, Retention, Translations
from orchestrator.ports.store import Store
from orchestrator.ports.world import Cache, Clock, Files, Http, HttpResponse

__all__ = [
    "Accounts",
    "Bot",
    "Bus",
    "Cache",
    "Clock",
    "Connector",
    "Files",
    "Http",
    "HttpResponse",
    "Letters",
    "Recorder",
    "Records",
    "Retention",
    "Stage",
    "Store",
    "Subscription",
    "Translations",
    "Translator",
]
