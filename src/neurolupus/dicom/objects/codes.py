"""What results are called in DICOM: SNOMED CT and DICOM's own terms where there are some, else 99NEUROLUPUS."""

from typing import Any

SCHEME = "99NEUROLUPUS"  # PS3.16 8.2: schemes that begin with 99 are private
# At most 16 letters: what is longer stands in another attribute (PS3.3 8.1), where few programs look.
OWN = {
    "wmh_pv_ml": "Volume of periventricular white matter hyperintensities",
    "wmh_deep_ml": "Volume of deep white matter hyperintensities",
    "wmh_juxta_ml": "Volume of juxtacortical white matter hyperintensities",
    "wmh_infra_ml": "Volume of infratentorial white matter hyperintensities",
    "wmh_ml_low": "Lower bound of the 95 % interval of the true volume",
    "wmh_ml_high": "Upper bound of the 95 % interval of the true volume",
    "usable": "Volumes may be analysed",
    "partial-volume": "Sum of partial-volume fractions",
    "threshold": "Voxels whose probability reaches the threshold",
    "volumetry": "Brain volumetry",
}


def code(name: str) -> Any:
    """A coded concept.

    Raises
    ------
    KeyError
        There is none of this name.
    """
    from highdicom.sr import CodedConcept

    if name in OWN:
        return CodedConcept(name, SCHEME, OWN[name])
    value, scheme, meaning = STANDARD[name]
    return CodedConcept(value, scheme, meaning)


def own_scheme() -> Any:
    """What 99NEUROLUPUS is, for who meets it in an object."""
    from pydicom.dataset import Dataset

    scheme = Dataset()
    scheme.CodingSchemeDesignator = SCHEME
    scheme.CodingSchemeName = "What neurolupus measures and SNOMED CT and DICOM have no code for"
    scheme.CodingSchemeResponsibleOrganization = "The neurolupus authors"
    return scheme


STANDARD = {
    "abnormal": ("49755003", "SCT", "Morphologically Abnormal Structure"),  # CID 7150
    "wmh": ("110702", "DCM", "White Matter T2 Hyperintensity"),  # CID 7140
    "brain": ("12738006", "SCT", "Brain"),
    "gm": ("389081007", "SCT", "Gray Matter"),  # CID 7151, as the next two
    "wm": ("389080008", "SCT", "White Matter"),
    "csf": ("65216001", "SCT", "Cerebrospinal Fluid"),
    "intracranial": ("128319008", "SCT", "Intracranial structure"),  # CID 7140
    "volume": ("118565006", "SCT", "Volume"),
    "count": ("246206008", "SCT", "Number of lesions"),
    "yes": ("373066001", "SCT", "Yes"),
    "no": ("373067005", "SCT", "No"),
    "ml": ("mL", "UCUM", "milliliter"),
    "lesions": ("{lesions}", "UCUM", "lesions"),
    "comment": ("121106", "DCM", "Comment"),
    "ai": ("123110", "DCM", "Artificial Intelligence"),  # CID 7162
    "mr_brain": ("24590-2", "LN", "MR Brain"),
}
