"""What a run left: its folder and its summary."""
