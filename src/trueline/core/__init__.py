"""The vocabulary every other part speaks: readings, periods, quality, money, errors. Pure."""
