"""Table -> estimates: arrays and frames in, small frozen results out. Knows no file, no study and no scan."""
