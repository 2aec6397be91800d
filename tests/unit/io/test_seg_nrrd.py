"""Segmentations of 3D Slicer; ITK, through SimpleITK, is the other program that reads and writes them."""

import gzip
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from neurolupus.io.faults import Fault
from neurolupus.io.seg_nrrd import read_seg_nrrd, write_seg_nrrd
from neurolupus.records.volume import Volume

TURN = np.deg2rad(20)
AFFINE = np.array(
    [
        [1.0, 0, 0, -12.5],
        [0, 1.2 * np.cos(TURN), -1.5 * np.sin(TURN), 7.25],
        [0, 1.2 * np.sin(TURN), 1.5 * np.cos(TURN), -30.0],
        [0, 0, 0, 1],
    ]
)
SHAPE = (7, 6, 5)
LIKE = Volume(np.zeros(SHAPE, np.float32), AFFINE)
NAMES = ("WMH", "infarct-like", "unsure")


def drawing() -> Volume:
    data = np.zeros(SHAPE, np.int32)
    data[1:3, 2, 4] = 1
    data[5, 1:4, 2] = 2
    data[6, 5, 0] = 3
    return Volume(data, AFFINE)


def header(sizes: str = "7 6 5", **changes: str | None) -> str:
    """A header as 3D Slicer writes it, on the grid of LIKE; None takes a field out."""
    axes = " ".join(f"({-x},{-y},{z})" for x, y, z in AFFINE[:3, :3].T)
    x, y, z = AFFINE[:3, 3]
    fields: dict[str, str | None] = {
        "type": "unsigned char",
        "dimension": "3",
        "space": "left-posterior-superior",
        "sizes": sizes,
        "space directions": axes,
        "kinds": "domain domain domain",
        "encoding": "raw",
        "space origin": f"({-x},{-y},{z})",
    }
    fields |= {name.replace("_", " "): value for name, value in changes.items()}
    return "".join(f"{name}: {value}\n" for name, value in fields.items() if value is not None)


def keys(*segments: tuple[str, str, int, int]) -> str:
    """Of segments (id, name, layer, value)."""
    return "".join(
        f"Segment{n}_ID:={id_}\nSegment{n}_Name:={name}\nSegment{n}_Layer:={layer}\nSegment{n}_LabelValue:={value}\n"
        for n, (id_, name, layer, value) in enumerate(segments)
    )


ALL = keys(*((name, name, 0, n) for n, name in enumerate(NAMES, start=1)))


def stored(path: Path, text: str, data: np.ndarray) -> Path:
    path.write_bytes(b"NRRD0005\n# a comment\n" + text.encode() + b"\n" + data.tobytes(order="F"))
    return path


def read(path: Path) -> Volume:
    found = read_seg_nrrd(path, LIKE)
    assert isinstance(found, Volume), found
    return found


def fault(path: Path) -> str:
    found = read_seg_nrrd(path, LIKE)
    assert isinstance(found, Fault)
    return found.what


class TestWriting:
    def test_itk_reads_the_same_voxels_at_the_same_places(self, tmp_path: Path) -> None:
        write_seg_nrrd(tmp_path / "labels.seg.nrrd", drawing())
        image = sitk.ReadImage(str(tmp_path / "labels.seg.nrrd"))
        np.testing.assert_array_equal(sitk.GetArrayFromImage(image).transpose(2, 1, 0), drawing().data)
        for index in ((0, 0, 0), (5, 2, 2), (6, 5, 4)):
            x, y, z = image.TransformIndexToPhysicalPoint(index)  # ITK's x points left and its y backward
            np.testing.assert_allclose((-x, -y, z), (AFFINE @ (*index, 1))[:3], atol=1e-9)

    def test_each_segment_has_its_name_value_colour_and_extent(self, tmp_path: Path) -> None:
        write_seg_nrrd(tmp_path / "labels.seg.nrrd", drawing())
        image = sitk.ReadImage(str(tmp_path / "labels.seg.nrrd"))
        told = {key: image.GetMetaData(key) for key in image.GetMetaDataKeys()}
        assert [told[f"Segment{n}_Name"] for n in range(3)] == list(NAMES)
        assert [told[f"Segment{n}_LabelValue"] for n in range(3)] == ["1", "2", "3"]
        assert told["Segment0_Color"] == "0.901961 0.623529 0.000000"  # 230, 159, 0 of 255
        assert told["Segment1_Extent"] == "5 5 1 3 2 2"
        assert told["Segmentation_SourceRepresentation"] == "Binary labelmap"

    def test_an_empty_segment_has_no_extent_and_the_same_map_the_same_bytes(self, tmp_path: Path) -> None:
        for name in ("a.seg.nrrd", "b.seg.nrrd"):
            write_seg_nrrd(tmp_path / name, LIKE.with_data(np.zeros(SHAPE, np.int32)))
        text = (tmp_path / "a.seg.nrrd").read_bytes()
        assert b"Segment2_Extent:=0 -1 0 -1 0 -1\n" in text
        assert text == (tmp_path / "b.seg.nrrd").read_bytes()
        assert sorted(path.name for path in tmp_path.iterdir()) == ["a.seg.nrrd", "b.seg.nrrd"]


class TestReading:
    def test_what_was_written_comes_back(self, tmp_path: Path) -> None:
        write_seg_nrrd(tmp_path / "labels.seg.nrrd", drawing())
        np.testing.assert_array_equal(read(tmp_path / "labels.seg.nrrd").data, drawing().data)

    def test_a_part_of_the_grid_stored_in_another_order_by_itk(self, tmp_path: Path) -> None:
        # 3D Slicer may crop to what is drawn: indices 1 to 6, 1 to 5, 0 to 4 here; axes swapped and one turned round
        part = drawing().data[1:, 1:, :].astype(np.uint16)
        image = sitk.GetImageFromArray(part.transpose(2, 1, 0))
        lps = np.diag([-1, -1, 1, 1]) @ AFFINE
        image.SetOrigin((lps @ (1, 1, 0, 1))[:3].tolist())
        spacing = np.linalg.norm(lps[:3, :3], axis=0)
        image.SetSpacing(spacing.tolist())
        image.SetDirection((lps[:3, :3] / spacing).ravel().tolist())
        image = sitk.Flip(sitk.PermuteAxes(image, (1, 0, 2)), (True, False, False))
        for n, name in enumerate(NAMES):
            for key, value in (("ID", f"Segment_{n}"), ("Name", name), ("LabelValue", str(n + 1)), ("Layer", "0")):
                image.SetMetaData(f"Segment{n}_{key}", value)
        sitk.WriteImage(image, str(tmp_path / "labels.seg.nrrd"), True)
        np.testing.assert_array_equal(read(tmp_path / "labels.seg.nrrd").data, drawing().data)

    def test_segments_in_layers_are_told_by_name_not_by_value(self, tmp_path: Path) -> None:
        layers = np.zeros((2, *SHAPE), np.uint8)
        layers[0, 1:3, 2, 4] = 2
        layers[1, 5, 1:4, 2] = 1
        layers[0, 6, 5, 0] = 5
        axes = header().split("space directions: ")[1].split("\n")[0]
        text = header("2 7 6 5", dimension="4", kinds="list domain domain domain", space_directions=f"none {axes}")
        told = keys(("s1", "WMH", 0, 2), ("infarct-like", "renamed", 1, 1), ("s3", "unsure", 0, 5))
        found = read(stored(tmp_path / "labels.seg.nrrd", text + told, layers))
        np.testing.assert_array_equal(found.data, drawing().data)

    def test_one_empty_voxel_says_that_nothing_was_drawn(self, tmp_path: Path) -> None:
        path = stored(tmp_path / "labels.seg.nrrd", header("1 1 1") + ALL, np.zeros((1, 1, 1), np.uint8))
        found = read(path)
        assert found.shape == SHAPE
        assert not found.data.any()


def one_voxel(value: int, dtype: type = np.uint8) -> np.ndarray:
    data = np.zeros(SHAPE, dtype)
    data[3, 3, 3] = value
    return data


class TestFaults:
    @pytest.mark.parametrize(
        ("text", "data", "words"),
        [
            (header(), one_voxel(1), "names no segment"),
            (header() + keys(("a", "Segment_1", 0, 1)), one_voxel(1), "has segment 'Segment_1'; WMH, infarct-like"),
            (header() + keys(("WMH", "WMH", 0, 1)), one_voxel(4), "has 1 voxels that no segment names"),
            (header() + keys(("WMH", "WMH", 0, 1), ("unsure", "unsure", 0, 1)), one_voxel(1), "lie in two segments"),
            (header() + keys(("WMH", "WMH", 1, 1)), one_voxel(1), "in layer 1, which is not there"),
            (header(space_origin="(12.8,-7.25,-30)") + ALL, one_voxel(1), "lies on another grid"),
            (header(space_origin="(9.5,-7.25,-30)") + ALL, np.full(SHAPE, 1, np.uint8), "voxels outside FLAIR.nii.gz"),
            (header("7 6 6") + ALL, one_voxel(1), "claims 252 bytes of data and holds 210"),
            (header("7 6 4") + ALL, one_voxel(1), "holds more bytes of data where its header claims 168"),
            (header("70000 60000 50000") + ALL, one_voxel(1), "at most 1024^3 voxels"),
            (header("7 6") + ALL, one_voxel(1), "3 axes are needed"),
            (header(type="double") + ALL, one_voxel(1), "'type: double'; whole numbers"),
            (header(type="short", endian=None) + ALL, one_voxel(1, np.int16), "'endian' is missing"),
            (header(encoding="bzip2") + ALL, one_voxel(1), "raw or gzip is needed"),
            (header(space="scanner-xyz") + ALL, one_voxel(1), "left-posterior-superior is needed"),
            (header(space_directions="(1,0,0) (1,0,0) (0,0,1)") + ALL, one_voxel(1), "no three independent axes"),
            (header(data_file="elsewhere.raw") + ALL, one_voxel(1), "its data lie in another file"),
        ],
    )
    def test_what_is_wrong_is_told(self, tmp_path: Path, text: str, data: np.ndarray, words: str) -> None:
        assert words in fault(stored(tmp_path / "labels.seg.nrrd", text, data))

    def test_a_file_without_header_or_cut_off_is_no_map(self, tmp_path: Path) -> None:
        path = tmp_path / "labels.seg.nrrd"
        path.write_bytes(b"NRRD0004\ntype: unsigned char")
        assert "no NRRD file" in fault(path)
        write_seg_nrrd(path, drawing())
        path.write_bytes(path.read_bytes()[:-12])
        assert "gzip stream ends early" in fault(path)

    def test_what_unpacks_to_more_than_it_claims_is_not_unpacked(self, tmp_path: Path) -> None:
        packed = np.frombuffer(gzip.compress(bytes(10**7)), np.uint8)
        path = stored(tmp_path / "labels.seg.nrrd", header(encoding="gzip") + ALL, packed)
        assert "holds more bytes of data where its header claims 210" in fault(path)
