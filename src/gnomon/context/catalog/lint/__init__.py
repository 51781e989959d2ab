"""What is missing, doubtful or contradictory in what is known about the tables."""
