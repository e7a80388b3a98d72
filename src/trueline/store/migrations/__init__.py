"""The store's migrations, forward only, run when an older store is opened."""
