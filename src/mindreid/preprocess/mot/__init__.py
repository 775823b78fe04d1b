"""From a MOT sequence, pictures and boxes of tracked persons, to data: crops or silhouettes."""
