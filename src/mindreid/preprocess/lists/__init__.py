"""From a folder of anybody's images to the lists of :mod:`mindreid.data.datasets.csv_list`."""
