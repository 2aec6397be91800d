"""Results given back as DICOM: segmentations (SEG) and measurement reports (SR) beside the images they were made of."""
