"""From recordings to tracklets: frames with their times, persons in them, tracks, crops, embeddings.

:func:`add_video` and :func:`add_photo` do it all for one file; what finds persons is a
:class:`Detector` or given boxes, and what embeds them an :class:`AppearanceModel`.
"""

from mindreid.lazy_names import lazy_names

__all__, __getattr__ = lazy_names(
    __name__,
    appearance_model=["AppearanceModel", "open_appearance_model"],
    detectors=["Detector"],
    moving_people=["MovingPeople"],
    onnx_detector=["OnnxDetector"],
    photo_addition=["add_photo"],
    timed_video=["TimedFrame", "TimedVideo"],
    video_addition=["VideoAddition", "add_video"],
)
