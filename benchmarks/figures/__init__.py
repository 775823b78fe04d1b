"""From the ranks of queries to figures: means, paired differences, their intervals, and verdicts."""
