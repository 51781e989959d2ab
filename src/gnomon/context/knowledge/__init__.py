"""Layer 4: what the company has written down, found by meaning and read by those who may."""
