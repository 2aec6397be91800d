"""Export the averaged weights as ONNX, 16-bit: python export.py --state DIR/state.pt --out brain_network.onnx."""

import argparse
import sys
from pathlib import Path

import onnx
import torch
from heads import CLASSES
from network import BrainNet

sys.path.append(str(Path(__file__).parents[1]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--state", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    net = BrainNet(len(CLASSES))
    net.load_state_dict(torch.load(args.state, weights_only=True)["slow"])
    net.eval()
    axes = {"image": {2: "x", 3: "y", 4: "z"}, "scores": {2: "x", 3: "y", 4: "z"}}
    torch.onnx.export(
        net, (torch.zeros(1, 1, 96, 112, 96),), str(args.out), input_names=["image"], output_names=["scores"],
        dynamic_axes=axes, opset_version=17, dynamo=False,
    )  # fmt: skip
    from half_weights import store_half

    model = onnx.load(args.out)
    store_half(model)
    model.doc_string = "Classes: " + ", ".join(CLASSES)
    onnx.checker.check_model(model)
    onnx.save(model, args.out)
    print(args.out, f"{args.out.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
