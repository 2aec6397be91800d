"""The papers the methods follow; each is cited where its method is named."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Citation:
    """One paper."""

    key: str
    authors: str
    title: str
    journal: str
    doi: str

    @property
    def url(self) -> str:
        """Where the paper is found."""
        return f"https://doi.org/{self.doi}"


_ALL = (
    Citation(
        "inglese2021",
        "Inglese F, et al.",
        "Different phenotypes of neuropsychiatric systemic lupus erythematosus are related to a distinct pattern of "
        "structural changes on brain MRI",
        "Eur Radiol 2021;31:8208–8217",
        "10.1007/s00330-021-07970-2",
    ),
    Citation(
        "tustison2010",
        "Tustison NJ, et al.",
        "N4ITK: improved N3 bias correction",
        "IEEE Trans Med Imaging 2010;29:1310–1320",
        "10.1109/TMI.2010.2046908",
    ),
    Citation(
        "mattes2003",
        "Mattes D, et al.",
        "PET-CT image registration in the chest using free-form deformations",
        "IEEE Trans Med Imaging 2003;22:120–128",
        "10.1109/TMI.2003.809072",
    ),
    Citation(
        "billot2023",
        "Billot B, et al.",
        "SynthSeg: segmentation of brain MRI scans of any contrast and resolution without retraining",
        "Med Image Anal 2023;86:102789",
        "10.1016/j.media.2023.102789",
    ),
    Citation(
        "vanleemput1999",
        "Van Leemput K, et al.",
        "Automated model-based tissue classification of MR images of the brain",
        "IEEE Trans Med Imaging 1999;18:897–908",
        "10.1109/42.811270",
    ),
    Citation(
        "ashburner2005",
        "Ashburner J, Friston KJ",
        "Unified segmentation",
        "NeuroImage 2005;26:839–851",
        "10.1016/j.neuroimage.2005.02.018",
    ),
    Citation(
        "chard2010",
        "Chard DT, et al.",
        "Reducing the impact of white matter lesions on automated measures of brain gray and white matter volumes",
        "J Magn Reson Imaging 2010;32:223–228",
        "10.1002/jmri.22214",
    ),
    Citation(
        "duering2023",
        "Duering M, et al.",
        "Neuroimaging standards for research into small vessel disease: advances since 2013 (STRIVE-2)",
        "Lancet Neurol 2023;22:602–618",
        "10.1016/S1474-4422(23)00131-X",
    ),
    Citation(
        "lesjak2016",
        "Lesjak Ž, et al.",
        "Validation of white-matter lesion change detection methods on a novel publicly available MRI image database",
        "Neuroinformatics 2016;14:403–420",
        "10.1007/s12021-016-9301-1",
    ),
    Citation(
        "lesjak2018",
        "Lesjak Ž, et al.",
        "A novel public MR image dataset of multiple sclerosis patients with lesion segmentations based on multi-rater "
        "consensus",
        "Neuroinformatics 2018;16:51–63",
        "10.1007/s12021-017-9348-7",
    ),
    Citation(
        "esteban2017",
        "Esteban O, et al.",
        "MRIQC: advancing the automatic prediction of image quality in MRI from unseen sites",
        "PLoS ONE 2017;12:e0184661",
        "10.1371/journal.pone.0184661",
    ),
)
CITATIONS: dict[str, Citation] = {citation.key: citation for citation in _ALL}
