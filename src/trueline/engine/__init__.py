"""From facts to readings: roll-ups, values with their quality, KPIs, comparison, provenance."""
