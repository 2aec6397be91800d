"""WMH: the probability of white matter hyperintensity in every voxel, from FLAIR, T1w and anatomy."""

from functools import lru_cache
from importlib import resources

import numpy as np
import onnxruntime

from neurolupus.errors import ImageContentError, NeurolupusError
from neurolupus.imaging.brain import HeadMap
from neurolupus.imaging.wmh_features import FEATURES, describe_candidates
from neurolupus.imaging.wmh_units import Floats
from neurolupus.records.volume import Image, Mask, Probability, Volume

METHOD = "gradient boosting on multi-scale FLAIR, T1w and anatomy (imaging/models/wmh_model.md)"
MODEL = "wmh_model.onnx"
_ROWS_AT_ONCE = 65_536


def wmh_probability(
    t1w: Volume,
    flair: Image,
    mask: Mask,
    head: HeadMap,
    *,
    threads: int = 2,
) -> Probability:
    """Probability of white matter hyperintensity, (I, J, K); zero outside the brain mask.

    Parameters
    ----------
    t1w : Volume
        Bias-corrected.
    flair : (I, J, K) float32 array
        Bias-corrected, on the grid of `t1w`.
    mask : (I, J, K) bool array
        Intracranial.
    head : HeadMap
    threads : int
        The same number gives the same result to the last bit.

    Raises
    ------
    ImageContentError
        FLAIR and T1w have different shapes, or there is no cortex or white matter to measure by.
    NeurolupusError
        The model's file is missing or was made for other features.

    Notes
    -----
    Candidates (see `wmh_features`) are judged one by one by gradient-boosted trees; all other voxels are surely none.
    Data, recipe and results of the model: imaging/models/wmh_model.md.
    """
    if flair.shape != t1w.shape or mask.shape != t1w.shape:
        raise ImageContentError(
            f"FLAIR has shape {flair.shape}, the mask {mask.shape}, T1w {t1w.shape}; all must lie on one grid.\n"
            "    Resample the FLAIR onto the T1w first; neurolupus measure does it by itself."
        )
    session = _session(threads)
    found = describe_candidates(t1w, flair, mask, head)
    probability = np.zeros(t1w.shape, np.float32)
    probability[tuple(found.where)] = _judged(session, found.table)
    return probability


def _judged(session: onnxruntime.InferenceSession, table: Floats) -> Floats:
    """The model's probability for each row."""
    parts = [table[start : start + _ROWS_AT_ONCE] for start in range(0, len(table), _ROWS_AT_ONCE)]
    found = [session.run(["probability"], {"features": part})[0][:, 0] for part in parts]
    return np.concatenate(found).astype(np.float32) if found else np.zeros(0, np.float32)


@lru_cache(maxsize=2)
def _session(threads: int) -> onnxruntime.InferenceSession:
    file = resources.files("neurolupus.imaging.models").joinpath(MODEL)
    if not file.is_file():
        raise NeurolupusError(
            f"The WMH model {MODEL} is not there; it is part of the package neurolupus (imaging/models).\n"
            "    Install neurolupus again, or make the model: python training/wmh/train.py --help"
        )
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(file.read_bytes(), options, providers=["CPUExecutionProvider"])
    made_for = tuple(session.get_modelmeta().description.partition("features: ")[2].split())
    if made_for != FEATURES:
        raise NeurolupusError(
            f"The WMH model {MODEL} was made for {len(made_for)} features, neurolupus has {len(FEATURES)} "
            "or names them otherwise; both must be of one version.\n"
            "    Install neurolupus again, or train the model anew: python training/wmh/train.py --help"
        )
    return session
