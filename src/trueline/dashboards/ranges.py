"""The ranges that a page or a panel may name; all of them end before today."""

PRESETS: dict[str, str] = {
    "30d": "30 days",
    "90d": "90 days",
    "365d": "365 days",
    "month": "Last month",
    "quarter": "Last quarter",
    "mtd": "Month to date",
    "qtd": "Quarter to date",
    "ytd": "Year to date",
}
