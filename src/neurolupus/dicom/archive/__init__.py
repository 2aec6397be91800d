"""Image archives (PACS): ask, fetch and store, over DICOMweb and over DIMSE."""
