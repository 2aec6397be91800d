"""Build the head atlas from the label maps: build.py --heads DIR --template ICBM_T1 --out head_atlas.npz.

Each head becomes a T1w-like image without noise, is aligned to the ICBM 152 brain by an affine map, then bent onto the
mean of all heads by symmetric-forces demons, twice. The atlas is the mean of the aligned classes, 2 mm, one byte each.
The template lends its position only: no voxel of it enters the atlas.
"""

import argparse
import sys
from pathlib import Path

import nibabel as nib
import numpy as np
import SimpleITK as sitk

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "brain_network"))
from heads import CLASSES as BRAIN_CLASSES
from heads import read_head

# Class name -> (FreeSurfer numbers, grey value of the image that guides the alignment)
OUTSIDE: dict[str, tuple[tuple[int, ...], float]] = {
    "air": ((0,), 0.0),
    "bone": ((515,), 0.12),
    "marrow": ((516,), 0.75),
    "dura_sinus": ((514,), 0.35),
    "soft_tissue": ((502, 507, 508, 509, 512, 530), 0.5),
    "skin_fat": ((511,), 0.8),
    "eye": ((506,), 0.25),
}
BRAIN_VALUE = {
    "csf": 0.2, "ventricle": 0.15, "cortex": 0.62, "deep_gm": 0.7, "cerebral_wm": 1.0, "cerebellar_gm": 0.62,
    "infratentorial_wm": 0.95,
}  # fmt: skip
NAMES = (*OUTSIDE, *BRAIN_VALUE)
VALUES = np.array([*(v for _, v in OUTSIDE.values()), *BRAIN_VALUE.values()], np.float32)


def classes_of(path: Path) -> sitk.Image:
    """One head's class map in its own world, 1 mm."""
    head = read_head(path)
    table = np.full(len(head.labels), NAMES.index("soft_tissue"), np.uint8)
    for index, (name, brain) in enumerate(BRAIN_CLASSES.items()):
        if name != "outside":
            table[head.classes == index] = NAMES.index(name)
        del brain
    for name, (numbers, _) in OUTSIDE.items():
        table[np.isin(head.labels, numbers)] = NAMES.index(name)
    image = nib.as_closest_canonical(nib.load(path))
    out = sitk.GetImageFromArray(table[head.codes].transpose(2, 1, 0))
    out.SetOrigin((np.diag([-1, -1, 1]) @ image.affine[:3, 3]).tolist())
    out.SetDirection((-1, 0, 0, 0, -1, 0, 0, 0, 1))
    return out


def guide(classes: sitk.Image) -> sitk.Image:
    """The T1w-like image of a class map."""
    image = sitk.GetImageFromArray(VALUES[sitk.GetArrayFromImage(classes)])
    image.CopyInformation(classes)
    return sitk.SmoothingRecursiveGaussian(image, 1.0)


def brain_only(classes: sitk.Image) -> sitk.Image:
    """The guide with nothing but grey and white matter."""
    array = sitk.GetArrayFromImage(classes)
    tissue = np.isin(array, [NAMES.index(n) for n in BRAIN_VALUE if n not in ("csf", "ventricle")])
    image = sitk.GetImageFromArray(np.where(tissue, VALUES[array], 0).astype(np.float32))
    image.CopyInformation(classes)
    return sitk.SmoothingRecursiveGaussian(image, 1.5)


def affine_onto(fixed: sitk.Image, moving: sitk.Image) -> sitk.Transform:
    """The affine map of least squares from fixed to moving points."""
    start = sitk.CenteredTransformInitializer(
        fixed, moving, sitk.AffineTransform(3), sitk.CenteredTransformInitializerFilter.MOMENTS
    )
    method = sitk.ImageRegistrationMethod()
    method.SetMetricAsMeanSquares()
    method.SetInterpolator(sitk.sitkLinear)
    method.SetOptimizerAsRegularStepGradientDescent(1.0, 1e-4, 200)
    method.SetOptimizerScalesFromPhysicalShift()
    method.SetShrinkFactorsPerLevel([4, 2])
    method.SetSmoothingSigmasPerLevel([4, 2])
    method.SmoothingSigmasAreSpecifiedInPhysicalUnitsOn()
    method.SetInitialTransform(start)
    return method.Execute(fixed, moving)


def probabilities(classes: sitk.Image, grid: sitk.Image, transform: sitk.Transform) -> np.ndarray:
    """Class shares (C, K, J, I) of a head on the atlas grid."""
    fine = sitk.Expand(grid, [2, 2, 2], sitk.sitkNearestNeighbor)
    labels = sitk.GetArrayFromImage(
        sitk.Resample(classes, fine, transform, sitk.sitkNearestNeighbor, 0, sitk.sitkUInt8)
    )
    k, j, i = (n // 2 for n in labels.shape)
    blocks = labels.reshape(k, 2, j, 2, i, 2)
    return np.stack([(blocks == c).mean((1, 3, 5), dtype=np.float32) for c in range(len(NAMES))])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--heads", type=Path, required=True)
    parser.add_argument("--template", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    template = sitk.ReadImage(str(args.template), sitk.sitkFloat32)
    top = np.percentile(sitk.GetArrayFromImage(template), 99)
    template = sitk.SmoothingRecursiveGaussian(sitk.Cast(template, sitk.sitkFloat32) / float(top), 1.5)
    size = (96, 120, 108)
    grid = sitk.Image(size, sitk.sitkFloat32)
    grid.SetSpacing((2.0, 2.0, 2.0))
    grid.SetDirection((-1, 0, 0, 0, -1, 0, 0, 0, 1))
    grid.SetOrigin((95.0, 133.0, -95.0))  # LPS: x from -95 to 95, y from -133 to 105, z from -95 to 119 in RAS
    heads = []
    for path in sorted(args.heads.glob("head-*.nii.gz")):
        classes = classes_of(path)
        heads.append((classes, guide(classes), affine_onto(template, brain_only(classes))))
        print("aligned", path.name, flush=True)
    transforms = [t for _, _, t in heads]
    for turn in range(3):
        mean = np.mean([probabilities(c, grid, t) for (c, _, _), t in zip(heads, transforms, strict=True)], 0)
        if turn == 2:
            break
        target = sitk.GetImageFromArray(np.tensordot(VALUES, mean, 1).astype(np.float32))
        target.CopyInformation(grid)
        demons = sitk.FastSymmetricForcesDemonsRegistrationFilter()
        demons.SetNumberOfIterations(60)
        demons.SetStandardDeviations(1.5)
        bent = []
        for _, image, affine in heads:
            moved = sitk.Resample(image, grid, affine, sitk.sitkLinear, 0.0)
            field = sitk.Cast(demons.Execute(target, moved), sitk.sitkVectorFloat64)
            bent.append(sitk.CompositeTransform([affine, sitk.DisplacementFieldTransform(field)]))
        transforms = bent
        print("bent, turn", turn + 1, flush=True)
    affine = np.diag([2.0, 2.0, 2.0, 1.0])
    affine[:3, 3] = (-95.0, -133.0, -95.0)
    shares = np.rint(mean.transpose(0, 3, 2, 1) * 255).astype(np.uint8)
    np.savez_compressed(args.out, shares=shares, affine=affine, names=np.array(NAMES))
    print(args.out, shares.shape, f"{args.out.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
