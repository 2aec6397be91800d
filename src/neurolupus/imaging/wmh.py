"""WMH: the probability of white matter hyperintensity in every voxel, from FLAIR, T1w and anatomy."""

from functools import lru_cache
from importlib import resources

import numpy as np
import onnxruntime

from neurolupus.errors import ImageContentError, NeurolupusError
from neurolupus.imaging.brain import HeadMap
from neurolupus.imaging.memory import give_back
from neurolupus.imaging.wmh_calibration import calibration
from neurolupus.imaging.wmh_input import ANATOMY, NetworkInput, network_input
from neurolupus.imaging.wmh_units import Floats
from neurolupus.records.volume import Image, Mask, Probability, Volume

METHOD = "3D U-Net on FLAIR, T1w and anatomy (imaging/models/wmh_network.md)"
MODEL = "wmh_network.onnx"


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
        The model's file is missing or was made for other inputs.

    Notes
    -----
    The mean score of the scan and of its mirror image, scaled so that probabilities are shares of lesion on heads the
    network never saw (`wmh_calibration`). Data, recipe and results: imaging/models/wmh_network.md.
    """
    if flair.shape != t1w.shape or mask.shape != t1w.shape:
        raise ImageContentError(
            f"FLAIR has shape {flair.shape}, the mask {mask.shape}, T1w {t1w.shape}; all must lie on one grid.\n"
            "    Resample the FLAIR onto the T1w first; neurolupus measure does it by itself."
        )
    session = _session(threads)
    seen = network_input(t1w, flair, mask, head)
    give_back()
    probability = calibration().probability(mean_score(session, seen))
    return np.where(mask, seen.back(np.where(seen.inside, probability, 0), t1w), 0).astype(np.float32)


def mean_score(session: onnxruntime.InferenceSession, seen: NetworkInput) -> Floats:
    """The network's score of each voxel, (I, J, K): mean over the scan and its mirror image."""
    straight = _run(session, seen.images, seen.anatomy)
    mirrored = _run(session, seen.images[:, ::-1], seen.anatomy[:, ::-1])
    return ((straight + mirrored[::-1]) / 2).astype(np.float32)


def _run(session: onnxruntime.InferenceSession, images: Floats, anatomy: Floats) -> Floats:
    inputs = {"images": np.ascontiguousarray(images[None]), "anatomy": np.ascontiguousarray(anatomy[None])}
    scores: Floats = session.run(["score"], inputs)[0][0, 0]
    return scores


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
    options.enable_cpu_mem_arena = False  # a large scan's memory is given back after it
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # no core burns while it waits
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(file.read_bytes(), options, providers=["CPUExecutionProvider"])
    made_for = tuple(session.get_modelmeta().description.partition("anatomy: ")[2].split())
    if made_for != ANATOMY:
        raise NeurolupusError(
            f"The WMH model {MODEL} was made for {len(made_for)} channels of anatomy, neurolupus has {len(ANATOMY)} "
            "or names them otherwise; both must be of one version.\n"
            "    Install neurolupus again, or train the model anew: python training/wmh/train.py --help"
        )
    return session
