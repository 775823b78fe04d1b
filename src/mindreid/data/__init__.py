"""Records, datasets, samplers, transforms, the pipeline, and generated walkers."""
