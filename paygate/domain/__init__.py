"""Plain facts and pure decisions. Knows nothing of the rest of paygate; everything else may know it."""
