"""Where facts are kept and counted: one small seam, an engine behind it."""
