import gzip

import nibabel as nib
import numpy as np
import pytest
from nibabel.affines import apply_affine

from neurolupus.errors import ImageContentError, ImageFileError
from neurolupus.io.nifti import read_labels, read_volume, write_volume
from neurolupus.records.volume import Volume


def oblique(degrees: float = 20.0, size: tuple[float, float, float] = (5.0, 6.0, 7.0)) -> np.ndarray:
    a, b = np.radians([degrees, degrees / 2])
    about_z = np.array([[np.cos(a), -np.sin(a), 0], [np.sin(a), np.cos(a), 0], [0, 0, 1]])
    about_x = np.array([[1, 0, 0], [0, np.cos(b), -np.sin(b)], [0, np.sin(b), np.cos(b)]])
    affine = np.eye(4)
    affine[:3, :3] = about_z @ about_x @ np.diag(size)
    affine[:3, 3] = (-60, 12, 33)
    return affine


AXES = {
    "RAS": np.eye(3),
    "LAS": np.diag([-1.0, 1, 1]),
    "LPS": np.diag([-1.0, -1, 1]),
    "sagittal PSR": np.array([[0, 0, 1.0], [-1, 0, 0], [0, 1, 0]]),
    "coronal RSA": np.array([[1.0, 0, 0], [0, 0, 1], [0, 1, 0]]),
}


@pytest.mark.parametrize("axes", AXES.values(), ids=AXES.keys())
@pytest.mark.parametrize("degrees", [0.0, 20.0])
def test_every_point_keeps_its_intensity_in_any_orientation(tmp_path, write_image, axes, degrees):
    affine = oblique(degrees)
    affine[:3, :3] = affine[:3, :3] @ axes
    data = np.arange(12 * 13 * 14, dtype=np.float32).reshape(12, 13, 14)
    volume = read_volume(write_image(tmp_path / "a.nii.gz", data, affine=affine))
    for index in [(0, 0, 0), (3, 7, 11), (11, 12, 13), (5, 0, 2)]:
        point = apply_affine(affine, index)
        there = apply_affine(np.linalg.inv(volume.affine), point)
        assert np.abs(there - np.rint(there)).max() < 1e-4
        assert volume.data[tuple(np.rint(there).astype(int))] == data[index]
    assert nib.aff2axcodes(volume.affine) == ("R", "A", "S")
    assert volume.data.dtype == np.float32


@pytest.mark.parametrize("dtype", [np.uint8, np.int8, np.int16, np.uint16, np.int32, np.uint32, np.int64, np.uint64])
def test_whole_number_types(tmp_path, write_image, dtype):
    data = np.arange(12 * 13 * 8).reshape(12, 13, 8) % 120
    path = write_image(tmp_path / "a.nii", data.astype(dtype))
    assert np.array_equal(read_volume(path).data, data)


@pytest.mark.parametrize("dtype", [np.int16, np.int32, np.float32, np.float64, np.uint8])
def test_slope_and_intercept_are_applied(tmp_path, write_image, dtype):
    data = (np.arange(12 * 13 * 8).reshape(12, 13, 8) % 100).astype(dtype)
    path = write_image(tmp_path / "a.nii.gz", data, slope=0.25, intercept=-3.0)
    assert np.array_equal(read_volume(path).data, (data * 0.25 - 3.0).astype(np.float32))


def test_nii_and_nii_gz_give_the_same_volume(tmp_path, write_image):
    a, b = read_volume(write_image(tmp_path / "a.nii")), read_volume(write_image(tmp_path / "a.nii.gz"))
    assert np.array_equal(a.data, b.data)
    assert np.array_equal(a.affine, b.affine)


def test_one_volume_in_four_dimensions_is_a_volume(tmp_path, write_image, head_image):
    data = head_image()
    path = write_image(tmp_path / "a.nii", data[..., None])
    assert np.array_equal(read_volume(path).data, data)


def test_several_volumes_are_refused_with_the_way_out(tmp_path, write_image, head_image):
    path = write_image(tmp_path / "a.nii", np.stack([head_image()] * 3, axis=-1))
    with pytest.raises(ImageContentError, match=r"3 volumes \(24 x 28 x 20 x 3\)(.|\n)*fslroi"):
        read_volume(path)


def test_colour_is_refused(tmp_path):
    colour = np.zeros((12, 12, 12), dtype=[("R", "u1"), ("G", "u1"), ("B", "u1")])
    nib.save(nib.Nifti1Image(colour, np.eye(4)), tmp_path / "a.nii")
    with pytest.raises(ImageContentError, match=r"RGB colour(.|\n)*greyscale"):
        read_volume(tmp_path / "a.nii")


def test_complex_is_refused(tmp_path, write_image):
    path = write_image(tmp_path / "a.nii", np.ones((12, 12, 12), np.complex64))
    with pytest.raises(ImageContentError, match="complex64"):
        read_volume(path)


@pytest.mark.parametrize("share", [0.3, 0.9, 0.999])
def test_a_truncated_gzip_tells_how_much_came(tmp_path, write_image, share):
    whole = write_image(tmp_path / "a.nii.gz").read_bytes()
    path = tmp_path / "cut.nii.gz"
    path.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(ImageFileError, match=r"cut\.nii\.gz: the gzip stream ends early after [\d,]+ of 53,760 bytes"):
        read_volume(path)


def test_a_gzip_whose_content_is_short(tmp_path, write_image):
    content = gzip.decompress(write_image(tmp_path / "a.nii.gz").read_bytes())
    path = tmp_path / "short.nii.gz"
    path.write_bytes(gzip.compress(content[:-100]))
    with pytest.raises(ImageFileError, match="data end after 53,660 of 53,760 bytes"):
        read_volume(path)


def test_labels_are_rounded(tmp_path, write_image):
    data = np.full((12, 12, 12), 2.9999, np.float32)
    labels = read_labels(write_image(tmp_path / "a.nii", data)).data
    assert labels.dtype == np.int32
    assert (labels == 3).all()


@pytest.mark.parametrize("value", [np.nan, np.inf, 3e9])
def test_labels_that_are_none(tmp_path, write_image, value):
    data = np.zeros((12, 12, 12), np.float32)
    data[3, 3, 3] = value
    with pytest.raises(ImageContentError, match="labels needed"):
        read_labels(write_image(tmp_path / "a.nii", data))


class TestWriting:
    volume = Volume(np.random.default_rng(0).random((12, 13, 14)).astype(np.float32) * 900, oblique())

    @pytest.mark.parametrize("name", ["a.nii", "a.nii.gz"])
    def test_what_was_written_is_read_back(self, tmp_path, name):
        write_volume(tmp_path / name, self.volume, dtype="float32")
        back = read_volume(tmp_path / name)
        assert np.array_equal(back.data, self.volume.data)
        assert np.allclose(back.affine, self.volume.affine, atol=1e-5)

    def test_nibabel_reads_both_forms(self, tmp_path):
        write_volume(tmp_path / "a.nii.gz", self.volume, dtype="float32")
        image = nib.load(tmp_path / "a.nii.gz")
        assert np.allclose(image.get_sform(), self.volume.affine, atol=1e-4)
        assert np.allclose(image.get_qform(), self.volume.affine, atol=1e-4)
        assert image.header.get_xyzt_units()[0] == "mm"
        assert np.allclose(image.header.get_zooms(), (5, 6, 7))

    def test_a_sheared_grid_has_no_qform(self, tmp_path):
        affine = np.diag([5.0, 5, 5, 1])
        affine[0, 1] = 2.0
        write_volume(tmp_path / "a.nii", Volume(self.volume.data, affine), dtype="float32")
        image = nib.load(tmp_path / "a.nii")
        assert int(image.header["qform_code"]) == 0
        assert np.allclose(image.affine, affine)

    def test_sixteen_bits_lose_less_than_one_step(self, tmp_path):
        write_volume(tmp_path / "a.nii.gz", self.volume, dtype="int16")
        back = read_volume(tmp_path / "a.nii.gz").data
        assert np.abs(back - self.volume.data).max() <= 900 / 32767  # half a step, doubled for float32

    def test_zero_stays_zero_and_negatives_stay(self, tmp_path):
        data = np.array([-200.5, 0.0, 0.0, 900.25] * 54, np.float32).reshape(6, 6, 6)
        write_volume(tmp_path / "a.nii", Volume(data, np.eye(4)), dtype="int16")
        back = read_volume(tmp_path / "a.nii").data
        assert np.array_equal(back == 0, data == 0)
        assert np.allclose(back, data, atol=0.05)

    def test_masks_and_labels_are_exact(self, tmp_path):
        labels = np.arange(12 * 13 * 14, dtype=np.int32).reshape(12, 13, 14)
        write_volume(tmp_path / "a.nii.gz", Volume(labels, np.eye(4)), dtype="int16")
        assert np.array_equal(read_labels(tmp_path / "a.nii.gz").data, labels)
        mask = labels % 2 == 0
        write_volume(tmp_path / "m.nii.gz", Volume(mask, np.eye(4)), dtype="uint8")
        assert np.array_equal(read_labels(tmp_path / "m.nii.gz").data, mask)

    def test_labels_that_do_not_fit_are_refused(self, tmp_path):
        labels = np.full((4, 4, 4), 300, np.int32)
        with pytest.raises(ValueError, match="do not fit uint8"):
            write_volume(tmp_path / "a.nii", Volume(labels, np.eye(4)), dtype="uint8")

    def test_the_same_volume_gives_the_same_bytes_under_any_name(self, tmp_path):
        write_volume(tmp_path / "a.nii.gz", self.volume, dtype="int16")
        write_volume(tmp_path / "b" / "other.nii.gz", self.volume, dtype="int16")
        first = (tmp_path / "a.nii.gz").read_bytes()
        assert first == (tmp_path / "b" / "other.nii.gz").read_bytes()
        assert first[4:8] == bytes(4), "no time stamp"
        assert first[3] == 0, "no file name"

    def test_memory_order_does_not_matter(self, tmp_path):
        turned = Volume(np.asfortranarray(self.volume.data), self.volume.affine)
        write_volume(tmp_path / "a.nii.gz", self.volume, dtype="float32")
        write_volume(tmp_path / "b.nii.gz", turned, dtype="float32")
        assert (tmp_path / "a.nii.gz").read_bytes() == (tmp_path / "b.nii.gz").read_bytes()

    def test_a_failure_leaves_the_old_file_and_nothing_else(self, tmp_path, monkeypatch):
        path = tmp_path / "a.nii.gz"
        write_volume(path, self.volume, dtype="int16")
        before = path.read_bytes()

        def fail(*_: object, **__: object) -> None:
            raise OSError("disk full")

        monkeypatch.setattr(gzip.GzipFile, "write", fail)
        with pytest.raises(OSError, match="disk full"):
            write_volume(path, self.volume.with_data(self.volume.data * 2), dtype="int16")
        monkeypatch.undo()
        assert path.read_bytes() == before
        assert [item.name for item in tmp_path.iterdir()] == ["a.nii.gz"]
