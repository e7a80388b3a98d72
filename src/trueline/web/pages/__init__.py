"""What people see: server-rendered pages. Values are in the HTML before any script runs."""
