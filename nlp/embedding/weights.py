"""Reading `model.safetensors` with numpy alone: a JSON header with offsets, then the numbers, little-endian.

The format: github.com/huggingface/safetensors#format.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from orchestrator.errors import EngineFailed

Floats = NDArray[np.float32]
# A header this long is no header: 105 tensors take 11 kB.
LONGEST_HEADER = 10_000_000


class Weights:
    """The tensors of a file by name, mapped and not loaded. Raises EngineFailed when the file is not whole."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.header: dict[str, Any] = {}
        try:
            self.data = np.memmap(path, dtype=np.uint8, mode="r")
            length = int(self.data[:8].view("<u8")[0])
            if length > min(LONGEST_HEADER, len(self.data) - 8):
                raise ValueError("its header is longer than the file")
            self.header = json.loads(bytes(self.data[8 : 8 + length]))
        except (OSError, ValueError, IndexError) as error:
            raise EngineFailed(f"the weights {path.name!r} can't be read: {error}") from None
        self.start = 8 + length

    def __getitem__(self, name: str) -> Floats:
        """One tensor of 32-bit floats in its shape."""
        about = self.header.get(name)
        if about is None or about.get("dtype") != "F32":
            raise EngineFailed(f"the weights {self.path.name!r} have no tensor {name!r} of 32-bit floats")
        first, last = about["data_offsets"]
        raw = self.data[self.start + first : self.start + last]
        try:
            return raw.view("<f4").reshape(about["shape"])
        except ValueError:
            raise EngineFailed(f"the weights {self.path.name!r} end within {name!r}: fetch them again") from None
