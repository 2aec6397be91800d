"""What looks like lesions and is none, and what hides them: painted on a patch while the network trains."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Floats = NDArray[np.float32]
OCTANT = np.ones((3, 3, 3))


def brighten_cortex(images: Floats, cortex: Floats, truth: Floats, rng: np.random.Generator) -> None:
    """Cortex brighter on FLAIR in spots of some millimetres, or over centimetres, its T1w as it was: no lesion.

    Cortex is what is grey on T1w, no fluid on FLAIR, and no further from cortex than the coarse anatomy errs.
    """
    flair, t1w = images
    grey = np.clip((0.55 - t1w) / 0.3, 0, 1) * np.clip((flair + 0.35) / 0.15, 0, 1)
    there = grey * np.clip(4 * ndimage.gaussian_filter(cortex, 1.0), 0, 1)
    reach = rng.uniform(1.0, 3.5) if rng.random() < 0.5 else rng.uniform(3.5, 9.0)  # spots, or all of a hippocampus
    spots = ndimage.gaussian_filter(rng.standard_normal(cortex.shape, np.float32), reach)
    spots = np.clip(spots / spots.std() - rng.uniform(0.3, 1.8), 0, 1.5)
    flair += rng.uniform(0.05, 0.35) * ndimage.gaussian_filter(spots * there * (1 - truth), 0.5)


def brighten_midline(
    images: Floats, right_left: Floats, ventricle: Floats, truth: Floats, rng: np.random.Generator
) -> None:
    """Septum and fornix brighter on FLAIR, as they often are: no lesion."""
    near = np.clip(3 * ndimage.gaussian_filter(ventricle, 3.0), 0, 1) * np.clip((0.06 - right_left) / 0.02, 0, 1)
    uneven = np.clip(1 + ndimage.gaussian_filter(rng.standard_normal(truth.shape, np.float32), 3.0) * 12, 0, 2)
    tissue = np.clip((images[0] + 0.5) / 0.3, 0.15, 1)
    images[0] += rng.uniform(0.05, 0.35) * ndimage.gaussian_filter(near * uneven * tissue * (1 - truth), 0.6)


def roughen(images: Floats, rng: np.random.Generator) -> None:
    """Tissue is uneven over some millimetres, as real white matter is; FLAIR and T1w each in their own way."""
    for reach in (rng.uniform(0.8, 1.6), rng.uniform(1.8, 3.5)):
        for image, most in zip(images, (0.025, 0.04), strict=True):
            uneven = ndimage.gaussian_filter(rng.standard_normal(image.shape, np.float32), reach)
            image += np.float32(rng.uniform(0, most) / uneven.std()) * uneven


def shaken(image: Floats, rng: np.random.Generator) -> Floats:
    """As if the head had moved between lines of k-space: ripples and ghosts along one axis."""
    axis = int(rng.choice(3, p=(0.4, 0.4, 0.2)))
    lines = image.shape[axis]
    frequency = np.fft.fftfreq(lines).astype(np.float32)
    knots = rng.standard_normal(int(rng.integers(5, 14))).astype(np.float32)
    drift = np.interp(frequency, np.linspace(-0.5, 0.5, len(knots)), knots)
    drift *= np.exp(rng.uniform(np.log(0.3), np.log(4))) * np.minimum(1, np.abs(frequency) / 0.1)
    turn = np.exp(-2j * np.pi * frequency * drift).astype(np.complex64)
    sides = [1, 1, 1]
    sides[axis] = lines
    moved = np.fft.ifft(np.fft.fft(image, axis=axis) * turn.reshape(sides), axis=axis)
    return np.asarray(moved.real, np.float32)


def sliced(flair: Floats, rng: np.random.Generator) -> Floats:
    """A 3D FLAIR as one of 3 to 4.5 mm slices shows it, most often axial; the same lesions are true."""
    axis = 2 if rng.random() < 0.7 else int(rng.integers(2))
    thick = rng.uniform(3.0, 4.5)
    blurred = ndimage.gaussian_filter1d(flair, np.sqrt((thick / 3.46) ** 2 - 0.09), axis)
    count = flair.shape[axis]
    centres = np.arange(rng.uniform(-thick, 0), count + thick, thick)
    slices = _taken(blurred, np.clip(centres, 0, count - 1), axis)
    return _taken(slices, (np.arange(count) - centres[0]) / thick, axis)


def confuse(
    anatomy: Floats, truth: Floats, white: tuple[int, ...], wrong: tuple[int, ...], rng: np.random.Generator
) -> None:
    """Anatomy mistaken as a map of the head mistakes it: lesions, and spots without one, are called cortex or fluid.

    `white` and `wrong` are channels: what is taken from the first goes to one of the others, most often the first.
    """
    i, j, k = (n // 2 for n in truth.shape)
    share = truth.reshape(i, 2, j, 2, k, 2).mean((1, 3, 5))
    labels, count = ndimage.label(share > 0.25, OCTANT)
    taken = np.concatenate([[0], (rng.random(count) < 0.4) * rng.uniform(0.4, 1, count)]).astype(np.float32)
    amount = taken[labels]
    if rng.random() < 0.5:  # only a part of a lesion
        uneven = ndimage.gaussian_filter(rng.standard_normal(share.shape, np.float32), 2.0)
        amount = amount * np.clip(0.5 + uneven / uneven.std(), 0, 1)
    for _ in range(int(rng.integers(0, 4))):
        spot = np.zeros_like(amount)
        spot[tuple(int(rng.integers(n)) for n in share.shape)] = 1
        reach = rng.uniform(1.0, 2.5)
        spot = np.clip(7.5 * reach**3 * ndimage.gaussian_filter(spot, reach), 0, 1)
        amount = np.maximum(amount, rng.uniform(0.3, 1) * spot)
    amount = np.clip(1.3 * ndimage.gaussian_filter(amount, 0.7), 0, 1)
    called = wrong[int(rng.choice(len(wrong), p=(0.6, 0.2, 0.2)))]
    for name in white:
        anatomy[called] += amount * anatomy[name]
        anatomy[name] *= 1 - amount


def _taken(image: Floats, place: NDArray[np.float64], axis: int) -> Floats:
    """The image at places along one axis, linear between voxels."""
    low = np.minimum(np.floor(place).astype(int), image.shape[axis] - 2)
    part = np.expand_dims(np.float32(place - low), [a for a in range(3) if a != axis])
    return np.take(image, low, axis) * (1 - part) + np.take(image, low + 1, axis) * part
