"""The JSON API's routes, by subject."""
