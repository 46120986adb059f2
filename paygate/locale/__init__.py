"""What the desk says, in Vietnamese."""
