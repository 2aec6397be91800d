"""Gradient boosting: the WMH model that the network replaced, kept to compare with."""

from functools import lru_cache
from pathlib import Path

import numpy as np
import onnxruntime

from boosting.features import describe_candidates
from neurolupus.imaging.brain import HeadMap
from neurolupus.records.volume import Image, Mask, Probability, Volume

MODEL = Path(__file__).with_name("boosting.onnx")
ROWS_AT_ONCE = 65_536


def boosted_probability(t1w: Volume, flair: Image, mask: Mask, head: HeadMap, *, threads: int = 2) -> Probability:
    """Candidates judged one by one by the trees; all other voxels are surely none."""
    found = describe_candidates(t1w, flair, mask, head)
    parts = [found.table[s : s + ROWS_AT_ONCE] for s in range(0, len(found.table), ROWS_AT_ONCE)]
    judged = [_session(threads).run(["probability"], {"features": part})[0][:, 0] for part in parts]
    probability = np.zeros(t1w.shape, np.float32)
    probability[tuple(found.where)] = np.concatenate(judged) if judged else 0
    return probability


@lru_cache(maxsize=2)
def _session(threads: int) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(MODEL.read_bytes(), options, providers=["CPUExecutionProvider"])
