"""No test but those in tests/models sees an embedding model: what a suite does must not hang on what was fetched."""

import os
import tempfile

os.environ["PARLEY_MODELS"] = os.path.join(tempfile.gettempdir(), "parley-no-models")
