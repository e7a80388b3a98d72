"""The tables a company brings: their contracts, how files become facts, what they cover."""
