"""Words of descriptions that tell about the scan and never about somebody: everything else in a description goes."""

import re

_SEQUENCES = """
t1 t1w t1c t2 t2w t2star t2* pd pdw flair fl tirm stir ir se tse fse ge gre ffe tfe tse3d vista space cube brainview
mprage mp2rage mp rage spgr fspgr bravo tfl spc spcir spoiled vibe lava dixon swi swan venbold dwi adc dti epi ep2d asl
pasl pcasl pcp tof mra mrv mrs bold fmri rest perfusion diffusion propeller blade multivane dark fluid inversion
recovery turbo fast spin echo gradient field map fieldmap mag phase magnitude b0 b1000 inv1 inv2 uni den
"""
_HOW = """
ax axial tra trans transverse cor coronal sag sagittal obl oblique 2d 3d iso isotropic mpr reformat thin thick slab
pre post gd gad contrast native without with ce plus fs fatsat fat sat suppressed spair spir water excitation we
hr highres high resolution hires lowres grappa sense caipi asset arc cs compressed p2 p3 s2 norm nd dis2d dis3d fil
filtered pure scic ns sel nonsel tr te ti mm cm ms 1mm 2mm 3mm 4mm 5mm rpt repeat rep run moco motion
corrected localizer localiser loc scout survey 3plane plane aahead aascout smartbrain calibration cal ref asset and
"""
_WHERE = (
    "brain head skull neck headneck cerebrum cerebral whole full cranial neuro orbits hippocampus posterior fossa wb"
)
_SCANNER_MAKERS = """
siemens healthineers healthcare ge medical systems general electric philips technologies toshiba canon hitachi fujifilm
united imaging uih gmbh inc corporation co ltd bruker esaote hyperfine
"""
_SCANNER_MODELS = """
magnetom trio triotim trim tim skyra prisma prismafit vida lumina sola altea amira aera avanto
verio espree essenza symphony symphonytim sonata allegra allegratim harmony impact concerto spectra fit
biograph mmr terra cima.x free.max free.star signa hdx hdxt excite
optima discovery mr450 mr450w mr750 mr750w mr355 mr360 premier architect artist pioneer voyager explorer hero genesis
achieva ingenia intera gyroscan ambition elition dstream prodiva evolution panorama multiva
vantage titan galan orian centurian echelon oval aperto airis trillium umr 770 780 790 870 680 swoop x r3 r5
3t 1.5t 7t 3.0t
"""
_AGENTS = """
gadolinium gadovist gadobutrol dotarem gadoterate clariscan prohance gadoteridol magnevist gadopentetate multihance
gadobenate omniscan gadodiamide primovist eovist gadoxetate elucirem vueway gadopiclenol gadavist artirem dimeglumine
meglumine contrast yes none no
"""

SCAN_WORDS = frozenset(f"{_SEQUENCES} {_HOW} {_WHERE}".split())
MAKER_WORDS = frozenset(_SCANNER_MAKERS.split())
MODEL_WORDS = frozenset(_SCANNER_MODELS.split())
AGENT_WORDS = frozenset(_AGENTS.split())
BODY_PARTS = frozenset(("HEAD", "BRAIN", "SKULL", "NECK", "HEADNECK", "HEAD AND NECK", "HEAD_NECK", "HEADANDNECK"))

_ALL = SCAN_WORDS | MAKER_WORDS | MODEL_WORDS | AGENT_WORDS
_BETWEEN = re.compile(r"[\s_/\\,;:()\[\]<>=^+&-]+")


def cleaned(text: str, words: frozenset[str]) -> str:
    """Those words of a text that are known, in their order, with one space between.

    Examples
    --------
    >>> cleaned("t1_mprage_sag_p2_iso Dr.Smith 1970", SCAN_WORDS)
    't1 mprage sag p2 iso'
    """
    return " ".join(part for part in _parts(text) if part.lower() in words)


def is_common(text: str) -> bool:
    """Whether each word of a text is one of the vocabulary: such a text points to nobody.

    Examples
    --------
    >>> is_common("Brain MPRAGE"), is_common("Brain Smith")
    (True, False)
    """
    return all(part.lower() in _ALL for part in _parts(text))


def _parts(text: str) -> list[str]:
    return [part for part in _BETWEEN.split(text) if part]
