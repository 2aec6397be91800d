"""Export the averaged weights as ONNX, in 16 bits: export_network.py --state DIR/state.pt --out wmh_network.onnx."""

import argparse
from pathlib import Path

import numpy as np
import onnx
import torch
from network import WmhNet
from onnx import numpy_helper

from neurolupus.imaging.wmh_input import ANATOMY


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


def export(state: Path, out: Path) -> None:
    """Write the network; normalisation is folded into the convolutions."""
    net = WmhNet()
    net.load_state_dict(torch.load(state, weights_only=True)["slow"])
    net.eval()
    sides = {2: "x", 3: "y", 4: "z"}
    inputs = (torch.zeros(1, 2, 32, 32, 32), torch.zeros(1, len(ANATOMY), 16, 16, 16))
    torch.onnx.export(
        net, inputs, str(out), input_names=["images", "anatomy"], output_names=["score"],
        dynamic_axes={"images": sides, "score": sides, "anatomy": {2: "u", 3: "v", 4: "w"}},
        opset_version=17, dynamo=False,
    )  # fmt: skip
    model = onnx.load(out)
    store_half(model)
    model.doc_string = "anatomy: " + " ".join(ANATOMY)
    onnx.checker.check_model(model)
    onnx.save(model, out)
    print(out.name, f"{out.stat().st_size / 1e6:.2f} MB")


def main() -> None:
    """See the top of the file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--state", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    export(args.state, args.out)


if __name__ == "__main__":
    main()
