"""What networks are taught: points with features and targets as arrays, and finite machines. Nothing here trains."""
