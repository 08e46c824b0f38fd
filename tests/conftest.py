"""No test but those in tests/models sees an embedding model: what a suite does must not hang on what was fetched."""

import os
import signal
import tempfile

os.environ["PARLEY_MODELS"] = os.path.join(tempfile.gettempdir(), "parley-no-models")

# A shell that runs us in the background has Ctrl-C ignored, and every process we start would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)
