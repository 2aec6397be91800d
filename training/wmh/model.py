"""Fit the gradient boosting and write it as ONNX."""

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier

TREES, LEAVES, RATE = 180, 31, 0.08


def fit(
    table: NDArray[np.float32], lesion: NDArray[np.bool_], weight: NDArray[np.float32], seed: int
) -> HistGradientBoostingClassifier:
    """A model of the probability of lesion; weights make it right for whole scans, not for the sample."""
    model = HistGradientBoostingClassifier(
        max_iter=TREES, max_leaf_nodes=LEAVES, learning_rate=RATE, min_samples_leaf=100, l2_regularization=2.0,
        max_bins=128, max_features=0.5, early_stopping=False, random_state=seed,
    )  # fmt: skip
    return model.fit(table, lesion, sample_weight=weight)


def probabilities(model: HistGradientBoostingClassifier, table: NDArray[np.float32]) -> NDArray[np.float32]:
    """Of lesion, for each row."""
    return model.predict_proba(table)[:, 1].astype(np.float32)


def write_onnx(model: HistGradientBoostingClassifier, names: tuple[str, ...], path: Path) -> None:
    """The trees with one output, the probability of lesion, (n, 1).

    Written node by node: scikit-learn compares 32-bit values with 64-bit thresholds, so each threshold is rounded down
    to 32 bits and every comparison comes out the same.
    """
    names_of_node = (
        "treeids", "nodeids", "featureids", "values", "modes", "truenodeids", "falsenodeids",
        "missing_value_tracks_true",
    )  # fmt: skip
    nodes: dict[str, list[float] | list[int] | list[str]] = {k: [] for k in names_of_node}
    leaves: dict[str, list[float] | list[int]] = {k: [] for k in ("treeids", "nodeids", "ids", "weights")}
    for tree, (predictor,) in enumerate(model._predictors):
        for number, node in enumerate(predictor.nodes):
            leaf = bool(node["is_leaf"])
            threshold = np.float32(node["num_threshold"])
            if threshold > node["num_threshold"]:
                threshold = np.nextafter(threshold, np.float32(-np.inf))
            row = (
                tree, number, 0 if leaf else int(node["feature_idx"]), 0.0 if leaf else float(threshold),
                "LEAF" if leaf else "BRANCH_LEQ", int(node["left"]), int(node["right"]),
                int(node["missing_go_to_left"]),
            )  # fmt: skip
            for values, value in zip(nodes.values(), row, strict=True):
                values.append(value)  # type: ignore[arg-type]
            if leaf:
                for values, value in zip(leaves.values(), (tree, number, 0, float(node["value"])), strict=True):
                    values.append(value)  # type: ignore[arg-type]
    make = onnx.helper
    trees = make.make_node(
        "TreeEnsembleRegressor", ["features"], ["score"], domain="ai.onnx.ml", n_targets=1,
        base_values=[float(model._baseline_prediction[0, 0])],
        **{f"nodes_{k}": v for k, v in nodes.items()}, **{f"target_{k}": v for k, v in leaves.items()},
    )  # fmt: skip
    kind = onnx.TensorProto.FLOAT
    graph = make.make_graph(
        [trees, make.make_node("Sigmoid", ["score"], ["probability"])], "wmh",
        [make.make_tensor_value_info("features", kind, [None, len(names)])],
        [make.make_tensor_value_info("probability", kind, [None, 1])],
    )  # fmt: skip
    opsets = [make.make_opsetid("", 17), make.make_opsetid("ai.onnx.ml", 3)]
    converted = make.make_model(graph, opset_imports=opsets, ir_version=9)
    converted.doc_string = "features: " + " ".join(names)
    onnx.checker.check_model(converted)
    path.write_bytes(converted.SerializeToString())


def largest_difference(model: HistGradientBoostingClassifier, path: Path, table: NDArray[np.float32]) -> float:
    """Between the probabilities of scikit-learn and of onnxruntime."""
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    found = session.run(["probability"], {"features": table})[0][:, 0]
    return float(np.abs(found - probabilities(model, table)).max())
