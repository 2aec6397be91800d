"""ONNX models with weights in 16 bits."""

import numpy as np
import onnx
from onnx import numpy_helper


def store_half(model: onnx.ModelProto) -> None:
    """Keep the weights as 16-bit floats, cast before use: half the file, the same 32-bit arithmetic."""
    casts, kept = [], []
    for weight in model.graph.initializer:
        array = numpy_helper.to_array(weight)
        if array.dtype != np.float32 or array.size < 64:
            kept.append(weight)
            continue
        half = weight.name + "_half"
        kept.append(numpy_helper.from_array(array.astype(np.float16), half))
        casts.append(onnx.helper.make_node("Cast", [half], [weight.name], to=onnx.TensorProto.FLOAT))
    del model.graph.initializer[:]
    model.graph.initializer.extend(kept)
    nodes = [*casts, *model.graph.node]
    del model.graph.node[:]
    model.graph.node.extend(nodes)
