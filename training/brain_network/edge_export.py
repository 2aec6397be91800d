"""Export the averaged weights of the edge network, 16-bit.

    edge_export.py --state DIR/edge_state.pt --out edge_network.onnx
"""

import argparse
from pathlib import Path

import onnx
import torch
from edge_network import EdgeNet
from export import store_half


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--state", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    net = EdgeNet()
    net.load_state_dict(torch.load(args.state, weights_only=True)["slow"])
    net.eval()
    axes = {"inputs": {2: "x", 3: "y", 4: "z"}, "odds": {2: "x", 3: "y", 4: "z"}}
    torch.onnx.export(
        net, (torch.zeros(1, 3, 64, 64, 64),), str(args.out), input_names=["inputs"], output_names=["odds"],
        dynamic_axes=axes, opset_version=17, dynamo=False,
    )  # fmt: skip
    model = onnx.load(args.out)
    store_half(model)
    model.doc_string = "T1w over white matter, probability inside, probability of tissue -> log odds inside, at 1 mm"
    onnx.checker.check_model(model)
    onnx.save(model, args.out)
    print(args.out, f"{args.out.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
