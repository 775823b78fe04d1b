"""From recordings to tracklets: frames with their times, persons in them, tracks, crops, embeddings.

A video goes through :func:`add_video`, photos through :func:`add_photos`. What finds persons is a
:class:`Detector` or given boxes, and what embeds them an :class:`AppearanceModel`.
"""

from mindreid.lazy_names import lazy_names

__all__, __getattr__ = lazy_names(
    __name__,
    appearance_model=["AppearanceModel", "open_appearance_model"],
    detectors=["Detector"],
    given_boxes=["GivenBoxes", "read_boxes"],
    moving_people=["MovingPeople"],
    onnx_detector=["OnnxDetector"],
    photo_addition=["add_photos", "list_photos"],
    timed_video=["TimedFrame", "TimedVideo"],
    video_addition=["VideoAddition", "VideoRules", "add_video"],
)
