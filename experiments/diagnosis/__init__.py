"""What the theory says of somebody's own network: pairs of their data, measures and a verdict for every layer."""
