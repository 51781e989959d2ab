"""Layer 5: what was learned in conversations, confirmed by a person, and applied on top."""
