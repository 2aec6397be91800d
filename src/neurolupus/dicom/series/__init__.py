"""From a heap of DICOM files to the T1w and the FLAIR of each study: find, group, judge, choose, convert."""
