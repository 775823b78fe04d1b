"""From raw material to data: MOT sequences to crops."""
