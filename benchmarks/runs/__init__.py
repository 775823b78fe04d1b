"""What is trained for a comparison, in how many seeds and splits, and what of it is kept."""
