"""Builds MiniLM's ONNX graph straight from its weights, so that no torch is needed: six layers of BERT, then the mean.

One input, `ids`: int64 [batch, tokens], texts of equal length, so no mask is needed. Two outputs, float32 [batch, 384]
of length 1: `embedding`, the mean of the last layer (cosine to the reference implementation 1.0000, see tests/models),
and `middle`, that of the third layer, which is nearer to the words and comes at no cost.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

WIDTH = 384
HEADS = 12
LAYERS = 6
MIDDLE = 3
OUTPUTS = ("embedding", "middle")
# LayerNormalization came with 17, Gelu with 20.
OPSET = 20
IR_VERSION = 10
EPSILON = 1e-12


class Tensors(Protocol):
    def __getitem__(self, name: str) -> NDArray[np.float32]: ...


class Graph:
    """Nodes and constants as they are added; each step returns the name of its result."""

    def __init__(self, tensors: Tensors) -> None:
        self.tensors = tensors
        self.nodes: list[onnx.NodeProto] = []
        self.constants: dict[str, onnx.TensorProto] = {}

    def constant(self, name: str, value: Any) -> str:
        if name not in self.constants:
            self.constants[name] = numpy_helper.from_array(np.ascontiguousarray(value), name)
        return name

    def weight(self, name: str, *, turned: bool = False) -> str:
        """torch keeps a dense layer's weights as [out, in]; MatMul wants [in, out]."""
        value = self.tensors[name]
        return self.constant(name, value.T if turned else value)

    def add(self, kind: str, inputs: Sequence[str], *, name: str = "", **attributes: Any) -> str:
        name = name or f"{kind}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [name], name=f"node_{name}", **attributes))
        return name

    def dense(self, at: str, layer: str) -> str:
        product = self.add("MatMul", (at, self.weight(f"{layer}.weight", turned=True)))
        return self.add("Add", (product, self.weight(f"{layer}.bias")))

    def normal(self, at: str, layer: str) -> str:
        scale, shift = self.weight(f"{layer}.weight"), self.weight(f"{layer}.bias")
        return self.add("LayerNormalization", (at, scale, shift), axis=-1, epsilon=EPSILON)

    def embedded(self) -> str:
        words = self.add("Gather", (self.weight("embeddings.word_embeddings.weight"), "ids"))
        length = self.add("Slice", (self.add("Shape", ("ids",)), self.ints("one", [1]), self.ints("two", [2])))
        table = self.weight("embeddings.position_embeddings.weight")
        positions = self.add("Slice", (table, self.ints("zero", [0]), length, self.ints("zero", [0])))
        kinds = self.constant("kind", self.tensors["embeddings.token_type_embeddings.weight"][0])
        summed = self.add("Add", (words, self.add("Add", (positions, kinds))))
        return self.normal(summed, "embeddings.LayerNorm")

    def ints(self, name: str, value: Sequence[int]) -> str:
        return self.constant(name, np.array(value, dtype=np.int64))

    def heads(self, at: str, layer: str) -> Sequence[str]:
        """Queries, keys (turned) and values by head: one product for all three."""
        parts = [f"{layer}.{part}" for part in ("query", "key", "value")]
        weights = np.concatenate([self.tensors[f"{part}.weight"].T for part in parts], axis=1)
        shifts = np.concatenate([self.tensors[f"{part}.bias"] for part in parts])
        product = self.add("MatMul", (at, self.constant(f"{layer}.weight", weights)))
        together = self.add("Add", (product, self.constant(f"{layer}.bias", shifts)))
        self.nodes.append(helper.make_node("Split", [together], parts, axis=-1, num_outputs=3, name=f"node_{layer}"))
        shape = self.ints("split", [0, 0, HEADS, WIDTH // HEADS])
        turns = ((0, 2, 1, 3), (0, 2, 3, 1), (0, 2, 1, 3))
        return [
            self.add("Transpose", (self.add("Reshape", (part, shape)),), perm=turn)
            for part, turn in zip(parts, turns, strict=True)
        ]

    def layer(self, at: str, number: int) -> str:
        prefix = f"encoder.layer.{number}"
        query, key, value = self.heads(at, f"{prefix}.attention.self")
        scale = self.constant("scale", np.array(1 / math.sqrt(WIDTH / HEADS), dtype=np.float32))
        shares = self.add("Softmax", (self.add("Mul", (self.add("MatMul", (query, key)), scale)),), axis=-1)
        mixed = self.add("Transpose", (self.add("MatMul", (shares, value)),), perm=[0, 2, 1, 3])
        joined = self.add("Reshape", (mixed, self.ints("join", [0, 0, WIDTH])))
        out = self.dense(joined, f"{prefix}.attention.output.dense")
        at = self.normal(self.add("Add", (out, at)), f"{prefix}.attention.output.LayerNorm")
        inner = self.add("Gelu", (self.dense(at, f"{prefix}.intermediate.dense"),))
        outer = self.dense(inner, f"{prefix}.output.dense")
        return self.normal(self.add("Add", (outer, at)), f"{prefix}.output.LayerNorm")

    def pooled(self, at: str, name: str) -> None:
        """The mean over the tokens, scaled to length 1."""
        mean = self.add("ReduceMean", (at, self.ints("one", [1])), keepdims=0)
        self.add("LpNormalization", (mean,), name=name, axis=-1, p=2)


def build(tensors: Tensors, *, metadata: Mapping[str, str] | None = None) -> onnx.ModelProto:
    graph = Graph(tensors)
    at = graph.embedded()
    for number in range(LAYERS):
        at = graph.layer(at, number)
        if number + 1 == MIDDLE:
            graph.pooled(at, "middle")
    graph.pooled(at, "embedding")
    made = helper.make_graph(
        graph.nodes,
        "minilm",
        [helper.make_tensor_value_info("ids", TensorProto.INT64, ["batch", "tokens"])],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", WIDTH]) for name in OUTPUTS],
        list(graph.constants.values()),
    )
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)
    helper.set_model_props(model, dict(metadata or {}))
    return model
