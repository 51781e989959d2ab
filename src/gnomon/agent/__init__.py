"""The loop and what it says: assemble the context, run the tools, check the answer."""
