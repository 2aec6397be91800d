"""Old infarcts of known place and size in phantoms: which are found, and with what volume.

    python benchmarks/lesions/infarcts.py [--start N] [--count N]

Heads of the head atlas, deformed, with 0.5 to 25 ml of hyperintensities; in cerebral white matter a ball of fluid in a
wall of gliosis 3 mm thick, 17, 20 or 26 mm across; 3D FLAIR of 1.1 mm and 2D of 3.6 mm in turn, every contrast in turn.
About ten minutes on two cores.
"""

import argparse

import numpy as np
from scipy import ndimage

from neurolupus.imaging.anatomy import deformed, draw_lesions
from neurolupus.imaging.atlas import draw_labels
from neurolupus.imaging.contrast import CONTRASTS
from neurolupus.imaging.labels import PAINTED_WMH, SPINAL_FLUID, heal_lesions
from neurolupus.imaging.measure import measure_scan
from neurolupus.imaging.phantom import Phantom, Rigid, Scanner, simulate_pair
from neurolupus.records.measured import Settings

COUNT = 24  # the rule was made on the first twelve
LOADS_ML = (0.5, 3, 10, 25)
RADII_MM = (10, 8.5, 13)
FLAIR_VOXELS_MM = ((1.1, 1.1, 1.1), (0.9, 0.9, 3.6))
DEPTHS_MM = ((3, 6), (6, 12))  # of the middle, under the surface of white matter
WALL_MM = 3
LEFT_WHITE_MATTER = 2


def phantom_with_infarct(number: int) -> tuple[Phantom, float]:
    """The phantom of a number, and the true volume of its infarct with the wall, ml."""
    rng = np.random.default_rng(number)
    labels = draw_labels(rng)
    labels = deformed(labels.with_data(heal_lesions(labels.data, labels.affine)), rng)
    lesions = draw_lesions(labels, LOADS_ML[number % len(LOADS_ML)], rng)
    voxel_mm = float(np.cbrt(labels.voxel_volume_ml * 1000))
    white = labels.data == LEFT_WHITE_MATTER
    depth = np.asarray(ndimage.distance_transform_edt(white)) * voxel_mm
    low, high = DEPTHS_MM[number % len(DEPTHS_MM)]
    places = np.argwhere((depth >= low) & (depth <= high))
    place = places[rng.integers(len(places))]
    away = np.sqrt(sum((axis - at) ** 2 for axis, at in zip(np.indices(white.shape), place, strict=True))) * voxel_mm
    radius = RADII_MM[number % len(RADII_MM)]
    data = labels.data.copy()
    data[away <= radius], data[away <= radius - WALL_MM] = PAINTED_WMH, SPINAL_FLUID
    scanner = Scanner(
        t1w_voxel_mm=(1, 1, 1),
        flair_voxel_mm=FLAIR_VOXELS_MM[number % len(FLAIR_VOXELS_MM)],
        flair_offset=Rigid((1.0, -1.5, 0.5), (1.0, 0.0, -1.0)),
        point_mm=1.0,
    )
    contrast = CONTRASTS[list(CONTRASTS)[number % len(CONTRASTS)]]
    made = simulate_pair(labels.with_data(data), contrast=contrast, scanner=scanner, rng=rng, lesion_mask=lesions)
    return made, float(np.count_nonzero(away <= radius)) * labels.voxel_volume_ml


def main() -> None:
    """One line for each phantom."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--start", type=int, default=0, metavar="N", help="number of the first")
    parser.add_argument("--count", type=int, default=COUNT, metavar="N", help="how many")
    options = parser.parse_args()
    print("phantom  true ml  found ml  usable")
    for number in range(options.start, options.start + options.count):
        phantom, true_ml = phantom_with_infarct(number)
        measured = measure_scan(phantom.pair, Settings(), threads=2)
        found_ml = sum(lesion.volume_ml for lesion in measured.lesions if lesion.infarct_like)
        print(f"{number:7d}  {true_ml:7.2f}  {found_ml:8.2f}  {str(measured.usable).lower()}", flush=True)


if __name__ == "__main__":
    main()
