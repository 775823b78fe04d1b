"""Evaluation: embeddings of what a protocol compares, its figures, and their result file.

``features`` embeds records by a network in evaluation mode, shared over workers;
``protocol_evaluation`` hands the embeddings to :mod:`mindreid.metrics`; ``evaluation_run`` does both
for a recipe and a checkpoint.
"""

from mindreid.lazy_names import lazy_names

__all__, __getattr__ = lazy_names(
    __name__,
    evaluation_run=["EvaluationRun"],
    features=["FeatureExtractor", "build_extractor"],
    protocol_evaluation=["evaluate_dataset"],
    protocol_results=["format_results"],
)
