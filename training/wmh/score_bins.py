"""The bins in which scores are counted: the benchmark fills them, calibration reads them."""

import numpy as np

EDGES = np.linspace(-16, 12, 561)  # in steps of 0.05
MIDDLES = (EDGES[1:] + EDGES[:-1]) / 2
