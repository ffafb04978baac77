"""What a trial of each experiment does: a function from its configuration to an outcome, and nothing else."""
