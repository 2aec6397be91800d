"""Tables of four programs; the texts are typed after the code that writes them (see io/foreign.py)."""

import numpy as np
import pytest

from neurolupus.errors import TableError
from neurolupus.io.tables import read_volume_table
from neurolupus.io.volume_table import key_of


def put(tmp_path, text, name="table.txt"):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


OWN = (
    "participant_id\tsession_id\tgm_ml\tgm_ml_low\twmh_ml\twmh_count\tqc_cnr\tversion\n"
    "sub-01\tses-1\t612.3\t600\t4.2\t17\t3.1\t0.1.0\n"
    "sub-02\tn/a\t588.1\t570\tn/a\tn/a\t2.9\t0.1.0\n"
)


def test_own_table(tmp_path):
    table = read_volume_table(put(tmp_path, OWN))
    assert table.kind == "neurolupus"
    assert table.keys == (("01", "1"), ("02", None))
    assert sorted(table.columns) == ["gm_ml", "gm_ml_low", "wmh_count", "wmh_ml"]
    assert table.columns["gm_ml"].tolist() == [612.3, 588.1]
    assert np.isnan(table.columns["wmh_ml"][1])
    assert table.versions == ("0.1.0",)


def test_mixed_versions_are_refused_with_their_rows(tmp_path):
    path = put(tmp_path, OWN + "sub-03\tn/a\t1\t1\t1\t1\t1\t0.2.0\n")
    with pytest.raises(TableError, match=r"2 versions: 0.1.0 \(2 rows\), 0.2.0 \(1 row\)"):
        read_volume_table(path)
    assert read_volume_table(path, allow_mixed_versions=True).versions == ("0.1.0", "0.2.0")


def test_a_scan_twice_is_refused(tmp_path):
    with pytest.raises(TableError, match="more than one row of 02"):
        read_volume_table(put(tmp_path, OWN + OWN.splitlines()[2] + "\n"))


def test_text_where_numbers_belong(tmp_path):
    with pytest.raises(TableError, match=r"has 1 fault(.|\n)*row 2: gm_ml is 'many'"):
        read_volume_table(put(tmp_path, OWN.replace("588.1", "many")))


# cat_stat_TIV.m: '%7.2f\t%7.2f\t%7.2f\t%7.2f\t%7.2f\n' of TIV, GM, WM, CSF, WMH
CAT12 = "1432.10\t 610.20\t 520.30\t 295.10\t   6.50\n1500.00\t 640.00\t 540.00\t 315.00\t   5.00\n"


def test_cat12_without_names(tmp_path):
    table = read_volume_table(put(tmp_path, CAT12, "TIV.txt"))
    assert table.kind == "cat12"
    assert not table.has_keys
    assert table.columns["tiv_ml"].tolist() == [1432.1, 1500.0]
    assert table.columns["gm_ml"].tolist() == [610.2, 640.0]
    assert table.columns["wm_ml"].tolist() == [520.3, 540.0]
    assert table.columns["csf_ml"].tolist() == [295.1, 315.0]
    assert table.columns["wmh_ml"].tolist() == [6.5, 5.0]
    total = sum(table.columns[name] for name in ("gm_ml", "wm_ml", "csf_ml", "wmh_ml"))
    assert np.allclose(total, table.columns["tiv_ml"])  # CAT12's TIV is the sum of its parts


def test_cat12_with_names_and_paths(tmp_path):
    names = ("cat_sub-01_ses-1_T1w", "/data/report/cat_sub-02_T1w")
    text = "".join(f"{name}\t{line}\n" for name, line in zip(names, CAT12.splitlines(), strict=True))
    table = read_volume_table(put(tmp_path, text))
    assert table.has_keys
    assert table.keys == (("01", "1"), ("02", None))
    assert table.columns["wmh_ml"].tolist() == [6.5, 5.0]


def test_cat12_tiv_alone(tmp_path):
    table = read_volume_table(put(tmp_path, "1432.10\n1500.00\n"))
    assert list(table.columns) == ["tiv_ml"]


@pytest.mark.parametrize("mark", ["\t", ",", ";", "   "])
def test_cat12_with_a_header(tmp_path, mark):
    text = "Name TIV GM WM CSF WMH\nsub-01 1432.1 610.2 520.3 295.1 6.5\n".replace(" ", mark)
    table = read_volume_table(put(tmp_path, text))
    assert (table.kind, table.keys) == ("cat12", (("01", None),))
    assert table.columns["csf_ml"].tolist() == [295.1]


def test_cat12_with_lines_of_unequal_length(tmp_path):
    with pytest.raises(TableError, match="no cat12 table"):
        read_volume_table(put(tmp_path, "1 2 3\n"), kind="cat12")
    with pytest.raises(TableError, match=r"lines have \[1, 5\] numbers"):
        read_volume_table(put(tmp_path, "1432.1\n1 2 3 4 5\n"), kind="cat12")


# ps_LST_tlv.m: header 'Path,FileName,LGA,TLV,N'
LST = (
    "Path,FileName,LGA,TLV,N\n"
    "/d/sub-01/ses-1/anat,ples_lpa_mrsub-01_ses-1_FLAIR.nii,0,12.345,31\n"
    "/d,ples_lpa_mFL7.nii,0,0.5,2\n"
)


def test_lst(tmp_path):
    table = read_volume_table(put(tmp_path, LST, "LST_tlv_0.5_20200101.csv"))
    assert table.kind == "lst"
    assert table.keys == (("01", "1"), ("ples_lpa_mFL7", None))
    assert table.columns["wmh_ml"].tolist() == [12.345, 0.5]
    assert table.columns["wmh_count"].tolist() == [31, 2]


def test_lst_as_tsv_with_participants(tmp_path):
    table = read_volume_table(put(tmp_path, "participant_id\tTLV\tN\nsub-05\t1.5\t3\n"))
    assert (table.kind, table.keys) == ("lst", (("05", None),))


ASEG = """# Title Segmentation Statistics
# subjectname sub-01_ses-1
# Measure BrainSeg, BrainSegVol, Brain Segmentation Volume, 1200000.000000, mm^3
# Measure BrainSegNotVent, BrainSegVolNotVent, Brain Segmentation Volume Without Ventricles, 1150000.000000, mm^3
# Measure CerebralWhiteMatter, CerebralWhiteMatterVol, Total cerebral white matter volume, 450000.000000, mm^3
# Measure TotalGray, TotalGrayVol, Total gray matter volume, 640000.000000, mm^3
# Measure BrainSegVol-to-eTIV, BrainSegVol-to-eTIV, Ratio of BrainSegVol to eTIV, 0.750000, unitless
# Measure EstimatedTotalIntraCranialVol, eTIV, Estimated Total Intracranial Volume, 1600000.500000, mm^3
# ColHeaders  Index SegId NVoxels Volume_mm3 StructName normMean normStdDev normMin normMax normRange
  1   7   15000  15000.5  Left-Cerebellum-White-Matter     90.0  5.0  50 110  60
  2  46   15500  15500.5  Right-Cerebellum-White-Matter    90.0  5.0  50 110  60
  3  16   20000  20000.0  Brain-Stem                       80.0  5.0  50 110  60
  4  77    2500   2500.0  WM-hypointensities               70.0  5.0  50 110  60
"""


def test_freesurfer_stats_of_one_subject(tmp_path):
    table = read_volume_table(put(tmp_path, ASEG, "aseg.stats"))
    assert (table.kind, table.keys) == ("freesurfer", (("01", "1"),))
    told = {name: float(values[0]) for name, values in table.columns.items()}
    # by hand: 450000 + 15000.5 + 15500.5 + 20000 mm3 = 500.501 ml
    assert told == pytest.approx(
        {"tiv_ml": 1600.0005, "gm_ml": 640.0, "wm_ml": 500.501, "tbv_ml": 1150.0, "wmh_ml": 2.5}
    )
    assert table.definitions is not None
    assert "Brain-Stem" in table.definitions["wm_ml"]


def test_freesurfer_table_of_many(tmp_path):
    header = (
        "Measure:volume\tLeft-Cerebellum-White-Matter\tRight-Cerebellum-White-Matter\tBrain-Stem\tWM-hypointensities\t"
        "BrainSegVolNotVent\tCerebralWhiteMatterVol\tTotalGrayVol\tEstimatedTotalIntraCranialVol\n"
    )
    row = "15000.5\t15500.5\t20000.0\t2500.0\t1150000.0\t450000.0\t640000.0\t1600000.5\n"
    table = read_volume_table(put(tmp_path, f"{header}sub-01_ses-1\t{row}bert\t{row}"))
    assert table.keys == (("01", "1"), ("bert", None))
    assert table.columns["wm_ml"].tolist() == pytest.approx([500.501] * 2)
    assert table.columns["tiv_ml"].tolist() == pytest.approx([1600.0005] * 2)


def test_freesurfer_columns_that_are_absent_are_left_out(tmp_path):
    table = read_volume_table(put(tmp_path, "Measure:volume\tTotalGrayVol\nbert\t640000\n"))
    assert list(table.columns) == ["gm_ml"]


def test_a_wrong_kind_is_told(tmp_path):
    with pytest.raises(TableError, match=r"no lst table(.|\n)*neurolupus, cat12, lst, freesurfer"):
        read_volume_table(put(tmp_path, CAT12), kind="lst")


def test_an_unknown_table_is_told(tmp_path):
    with pytest.raises(TableError, match=r"begins with 'name,weight', which is no table of(.|\n)*Name its kind"):
        read_volume_table(put(tmp_path, "name,weight\na,1\n"))


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("sub-01", ("01", None)),
        ("/x/sub-01/ses-2/anat/ples_lpa_mrsub-01_ses-2_FLAIR.nii", ("01", "2")),
        ("C:\\study\\pat7.nii.gz", ("pat7", None)),
        ("/fs/bert/", ("bert", None)),
    ],
)
def test_keys(text, key):
    assert key_of(text) == key
