"""Where facts are fetched from, beside files: a company's own databases."""
