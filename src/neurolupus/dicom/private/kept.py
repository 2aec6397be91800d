"""The allow-list: which attributes stay and how their value is made; whatever is not named here goes.

The names are the keywords of DICOM PS3.6. Nothing of PS3.15 table E.1-1 stands under `NUMBERS`, `CODES` or `TEXTS`
unless its Retain option is offered: a test reads that table and says so.
"""

from enum import Enum, auto


class Rule(Enum):
    """How the value of a kept attribute is made."""

    NUMBER = auto()
    CODE = auto()
    UID = auto()
    DATE = auto()
    DATETIME = auto()
    TIME = auto()
    SEQUENCE = auto()
    TAG = auto()
    EMPTY = auto()
    LABEL = auto()
    AGE = auto()
    SEX = auto()
    BODY = auto()
    DESCRIPTION = auto()
    AGENT = auto()
    MAKER = auto()
    MODEL = auto()
    SERIAL = auto()
    BODY_PART = auto()
    PATTERN = auto()
    PIXELS = auto()


def _names(text: str) -> tuple[str, ...]:
    return tuple(text.split())


NUMBERS = _names("""
SeriesNumber AcquisitionNumber InstanceNumber ImagesInAcquisition NumberOfTemporalPositions TemporalPositionIdentifier
TemporalPositionIndex InStackPositionNumber DimensionIndexValues FrameAcquisitionNumber
ImagePositionPatient ImageOrientationPatient PixelSpacing SliceThickness SpacingBetweenSlices SliceLocation
SamplesPerPixel Rows Columns BitsAllocated BitsStored HighBit PixelRepresentation PlanarConfiguration NumberOfFrames
SmallestImagePixelValue LargestImagePixelValue PixelPaddingValue PixelAspectRatio RescaleIntercept RescaleSlope
WindowCenter WindowWidth LossyImageCompressionRatio
RepetitionTime EchoTime InversionTime InversionTimes EffectiveEchoTime EchoNumbers EchoTrainLength FlipAngle
MagneticFieldStrength ImagingFrequency NumberOfAverages NumberOfPhaseEncodingSteps PercentSampling
PercentPhaseFieldOfView PixelBandwidth AcquisitionMatrix SAR dBdt TriggerTime ReconstructionDiameter
TransmitterFrequency MRAcquisitionFrequencyEncodingSteps MRAcquisitionPhaseEncodingStepsInPlane
MRAcquisitionPhaseEncodingStepsOutOfPlane
ParallelReductionFactorInPlane ParallelReductionFactorOutOfPlane AcquisitionDuration FrameAcquisitionDuration
RFEchoTrainLength GradientEchoTrainLength
DiffusionBValue DiffusionGradientOrientation
KVP ExposureTime XRayTubeCurrent Exposure GantryDetectorTilt TableHeight DataCollectionDiameter SpiralPitchFactor
""")

CODES = _names("""
ImageType FrameType Modality PatientPosition PhotometricInterpretation BurnedInAnnotation LossyImageCompression
LossyImageCompressionMethod Laterality FrameLaterality PresentationLUTShape QualityControlImage
ScanningSequence SequenceVariant ScanOptions MRAcquisitionType AngioFlag VariableFlipAngleFlag
InPlanePhaseEncodingDirection AcquisitionContrast ComplexImageComponent PixelPresentation VolumetricProperties
VolumeBasedCalculationTechnique ContentQualification EchoPulseSequence InversionRecovery SteadyStatePulseSequence
EchoPlanarPulseSequence SpectrallySelectedSuppression SpectrallySelectedExcitation SpatialPresaturation T2Preparation
BloodSignalNulling MagnetizationTransfer Spoiling SaturationRecovery PartialFourier PartialFourierDirection
ParallelAcquisition ParallelAcquisitionTechnique GeometryOfKSpaceTraversal RectilinearPhaseEncodeReordering
SegmentedKSpaceTraversal MultipleSpinEcho MultiPlanarExcitation PhaseContrast TimeOfFlightContrast ResonantNucleus
KSpaceFiltering ReceiveCoilType TransmitCoilType QuadratureReceiveCoil DiffusionDirectionality FlowCompensation
CoverageOfKSpace DimensionOrganizationType RotationDirection ExposureModulationType
""")

UIDS = _names("""
SOPClassUID SOPInstanceUID StudyInstanceUID SeriesInstanceUID FrameOfReferenceUID ReferencedSOPClassUID
ReferencedSOPInstanceUID SynchronizationFrameOfReferenceUID ConcatenationUID SOPInstanceUIDOfConcatenationSource
DimensionOrganizationUID ContextGroupExtensionCreatorUID
""")

SEQUENCES = _names("""
ReferencedImageSequence SourceImageSequence SharedFunctionalGroupsSequence PerFrameFunctionalGroupsSequence
PixelMeasuresSequence PlanePositionSequence PlaneOrientationSequence FrameContentSequence FrameVOILUTSequence
PixelValueTransformationSequence MRImageFrameTypeSequence MRTimingAndRelatedParametersSequence MREchoSequence
MRModifierSequence MRImagingModifierSequence MRAveragesSequence MRFOVGeometrySequence MRReceiveCoilSequence
MRTransmitCoilSequence MRDiffusionSequence DiffusionGradientDirectionSequence DimensionOrganizationSequence
DimensionIndexSequence CTImageFrameTypeSequence
""")

KEPT: dict[str, Rule] = {
    **dict.fromkeys(NUMBERS, Rule.NUMBER),
    **dict.fromkeys(CODES, Rule.CODE),
    **dict.fromkeys(UIDS, Rule.UID),
    **dict.fromkeys(SEQUENCES, Rule.SEQUENCE),
    **dict.fromkeys(("StudyDate", "SeriesDate", "AcquisitionDate", "ContentDate"), Rule.DATE),
    **dict.fromkeys(("AcquisitionDateTime", "FrameAcquisitionDateTime", "FrameReferenceDateTime"), Rule.DATETIME),
    **dict.fromkeys(("StudyTime", "SeriesTime", "AcquisitionTime", "ContentTime"), Rule.TIME),
    **dict.fromkeys(("FrameIncrementPointer", "DimensionIndexPointer", "FunctionalGroupPointer"), Rule.TAG),
    **dict.fromkeys(("AccessionNumber", "ReferringPhysicianName", "StudyID", "PatientBirthDate"), Rule.EMPTY),
    **dict.fromkeys(("PatientName", "PatientID"), Rule.LABEL),
    "PatientAge": Rule.AGE,
    "PatientSex": Rule.SEX,
    **dict.fromkeys(("PatientSize", "PatientWeight"), Rule.BODY),
    **dict.fromkeys(("SeriesDescription", "StudyDescription", "ProtocolName"), Rule.DESCRIPTION),
    "ContrastBolusAgent": Rule.AGENT,
    "Manufacturer": Rule.MAKER,
    "ManufacturerModelName": Rule.MODEL,
    "DeviceSerialNumber": Rule.SERIAL,
    "BodyPartExamined": Rule.BODY_PART,
    **dict.fromkeys(("SequenceName", "SoftwareVersions", "ImagedNucleus", "StackID", "RescaleType"), Rule.PATTERN),
    "PixelData": Rule.PIXELS,
}

# Attributes of type 2 in the modules of MR and CT images (PS3.3): they stand empty where nothing is kept.
ALWAYS = _names(
    "StudyDate StudyTime AccessionNumber Manufacturer ReferringPhysicianName PatientName PatientID PatientBirthDate "
    "PatientSex StudyID SeriesNumber InstanceNumber"
)

# What each text must look like; none of these patterns leaves room for a name.
PATTERNS = {
    "SequenceName": r"\*?(tfl|tir|tse|spcir|spcR|spc|q?fl|se|fi|ep|ep_b|swi|h)([23]d\d{1,3})?(_\d{1,4})?_?(ns|rr|r|t)?",
    "SoftwareVersions": r"(syngo )?MR [A-Z]{1,2}\d{2}[A-Z]?|\d{1,2}(\.\d{1,2}){1,3}",
    "ImagedNucleus": r"\d{0,3}[A-Z][a-z]?\d{0,3}",
    "RescaleType": r"HU|US|OD|normalized",
    "StackID": r"\d{1,4}",
}

# PS3.15 table E.3.10-1: private numbers without which stored values cannot be turned into what was measured.
SAFE_PRIVATE = {
    (0x2005, 0x0D, "philips mr imaging dd 001"): "Scale Intercept",
    (0x2005, 0x0E, "philips mr imaging dd 001"): "Scale Slope",
    (0x7053, 0x00, "philips pet private group"): "SUV Factor",
    (0x7053, 0x09, "philips pet private group"): "Activity Concentration Factor",
}

# Only images whose every part is known: no reports, no documents, no screen shots, no raw data of a vendor.
CLASSES = {
    "1.2.840.10008.5.1.4.1.1.4": "MR Image",
    "1.2.840.10008.5.1.4.1.1.4.1": "Enhanced MR Image",
    "1.2.840.10008.5.1.4.1.1.4.4": "Legacy Converted Enhanced MR Image",
    "1.2.840.10008.5.1.4.1.1.2": "CT Image",
    "1.2.840.10008.5.1.4.1.1.2.1": "Enhanced CT Image",
    "1.2.840.10008.5.1.4.1.1.2.2": "Legacy Converted Enhanced CT Image",
    "1.2.840.10008.5.1.4.1.1.128": "PET Image",
}
