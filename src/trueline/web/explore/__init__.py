"""What the pages that one explores numbers on show: a KPI from all sides, cohorts, users."""
