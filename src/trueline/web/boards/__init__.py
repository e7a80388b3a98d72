"""Dashboards evaluated: each panel's values, chart and table from one and the same readings."""
