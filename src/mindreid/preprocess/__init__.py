"""From raw material to data: videos, poses and raw silhouettes to datasets and their labels."""
