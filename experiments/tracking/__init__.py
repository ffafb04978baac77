"""What is recorded of a network in training: its pairs, its tangent kernels, and the table of trajectories."""
