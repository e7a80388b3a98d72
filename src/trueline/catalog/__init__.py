"""What is measured and what it means: measures over facts, KPIs over measures. Data, no I/O."""
