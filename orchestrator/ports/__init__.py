"""The seams: what the engine needs from the outside, as Protocols. Implement them without inheriting.

A plugin (entry points `parley.connectors`, `parley.bots`, `parley.nlp`) is a module with two names:

* `Settings`: a pydantic model of the plugin's part of the configuration;
* `create(settings, *, clock, http, files)`: the Connector, Bot, Stage or Translator.

A connector may be a Listener, a MediaSource or Managed as well; its module may have `stand_in(clock)`, a StandIn.
A bot's module may have `canned(settings)` too: its language and every text it can say, for `parley translate`.
"""

from orchestrator.ports.bots import BotRecords, Vault
from orchestrator.ports.bus import Bus, Subscription
from orchestrator.ports.people import People
from orchestrator.ports.plugins import (
    Answering,
    Batching,
    Bot,
    Connector,
    Examined,
    Hear,
    Listener,
    Managed,
    MediaSource,
    Meter,
    Metered,
    Panel,
    Recall,
    Repeatable,
    Stage,
    Tampering,
    Threaded,
    Translator,
    Wired,
)
from orchestrator.ports.recorder import Recorder
from orchestrator.ports.records import Accounts, Channels, Letters, Records, Retention, Translations
from orchestrator.ports.stand_in import PHOTO, Fault, Shown, StandIn
from orchestrator.ports.store import Store
from orchestrator.ports.stored import ChannelRecords
from orchestrator.ports.world import Cache, Clock, Files, Http, HttpResponse, HttpStream

__all__ = [
    "PHOTO",
    "Accounts",
    "Answering",
    "Batching",
    "Bot",
    "BotRecords",
    "Bus",
    "Cache",
    "ChannelRecords",
    "Channels",
    "Clock",
    "Connector",
    "Examined",
    "Fault",
    "Files",
    "Hear",
    "Http",
    "HttpResponse",
    "HttpStream",
    "Letters",
    "Listener",
    "Managed",
    "MediaSource",
    "People",
    "Meter",
    "Metered",
    "Panel",
    "Recall",
    "Recorder",
    "Records",
    "Repeatable",
    "Retention",
    "Shown",
    "Stage",
    "StandIn",
    "Store",
    "Subscription",
    "Tampering",
    "Threaded",
    "Translations",
    "Translator",
    "Vault",
    "Wired",
]
