"""`cel`, the language of rules, without its command line: importing that would bring prompt_toolkit, 8 MB and 0.1 s."""

import sys
from types import ModuleType

__all__ = ["cel"]

CLI = "cel.cli"

spared = CLI not in sys.modules
if spared:
    sys.modules[CLI] = ModuleType(CLI)

import cel  # noqa: E402

if spared:
    del sys.modules[CLI]
