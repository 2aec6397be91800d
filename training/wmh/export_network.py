"""Export the averaged weights as ONNX, in 16 bits: export_network.py --state DIR/state.pt --out wmh_network.onnx."""

import argparse
import sys
from pathlib import Path

import onnx
import torch
from network import WmhNet
from weights import load_weights

from neurolupus.imaging.wmh_input import ANATOMY

sys.path.append(str(Path(__file__).parents[1]))


def export(state: Path, out: Path) -> None:
    """Write the network; normalisation is folded into the convolutions."""
    net = WmhNet()
    net.load_state_dict(load_weights(state))
    net.eval()
    sides = {2: "x", 3: "y", 4: "z"}
    inputs = (torch.zeros(1, 2, 32, 32, 32), torch.zeros(1, len(ANATOMY), 16, 16, 16))
    torch.onnx.export(
        net, inputs, str(out), input_names=["images", "anatomy"], output_names=["score"],
        dynamic_axes={"images": sides, "score": sides, "anatomy": {2: "u", 3: "v", 4: "w"}},
        opset_version=17, dynamo=False,
    )  # fmt: skip
    from half_weights import store_half

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
