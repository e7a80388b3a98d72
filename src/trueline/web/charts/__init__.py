"""Charts as Vega-Lite specifications, and the same chart as PNG or SVG without a browser.

Colours are ``@token`` names: a page resolves them from its CSS variables, an export from the light
palette, so one specification serves light, dark and print. Rows carry their text as people read it
(made once, by the company's locale), so tooltips never format a number on their own.
"""
