"""all-MiniLM-L6-v2 (Apache-2.0) without torch: built from its weights, quantised, run by onnxruntime, shared."""

from nlp.embedding.encoder import WIDTH, Encoder, Vector, default_folder, shared
from nlp.embedding.place import NAME, find, models_folder

__all__ = ["NAME", "WIDTH", "Encoder", "Vector", "default_folder", "find", "models_folder", "shared"]
