"""MGN of github.com/GNAYUOHZ/ReID-MGN."""

from mindreid.convert.mgn_pytorch import port

SOURCE = port("backbone")
