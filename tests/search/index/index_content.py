"""All that an index says, and all that is in its folder."""


def contents(index):
    """All that an index says of its tracklets."""
    return {
        tracklet.id: (
            tracklet.source, tracklet.camera, tracklet.start, tracklet.end, tracklet.boxes.tolist(),
            tracklet.model, tracklet.embedding.tolist(), [index.read_crop(crop) for crop in tracklet.crops],
        )
        for tracklet in index.tracklets()
    }  # fmt: skip


def files_of(index):
    return sorted(str(path.relative_to(index.folder)) for path in index.folder.rglob("*") if path.is_file())
