"""Building blocks of the networks: trunks, pooling, classifiers."""
