"""Other people's networks and loops, run beside ours in the same process, batch or protocol."""
