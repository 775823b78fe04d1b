"""What is around a person in a picture: the camera, the place, what stands between."""
