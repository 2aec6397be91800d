"""Fit the gradient boosting and write it as ONNX."""

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray
from skl2onnx import convert_sklearn
from skl2onnx.common.data_types import FloatTensorType
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
    """The model with one output, the probabilities of no lesion and of lesion, (n, 2)."""
    converted = convert_sklearn(
        model, initial_types=[("features", FloatTensorType([None, len(names)]))],
        options={id(model): {"zipmap": False}}, target_opset={"": 17, "ai.onnx.ml": 3},
    )  # fmt: skip
    kept = [o for o in converted.graph.output if o.name == "probabilities"]
    del converted.graph.output[:]
    converted.graph.output.extend(kept)
    converted.doc_string = "WMH probability; features: " + " ".join(names)
    onnx.checker.check_model(converted)
    path.write_bytes(converted.SerializeToString(deterministic=True))


def largest_difference(model: HistGradientBoostingClassifier, path: Path, table: NDArray[np.float32]) -> float:
    """Between the probabilities of scikit-learn and of onnxruntime."""
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    found = session.run(["probabilities"], {"features": table})[0][:, 1]
    return float(np.abs(found - probabilities(model, table)).max())
