"""A made-up company's files, plausible and always the same: to look at and to test with."""

from __future__ import annotations

from trueline.demo.company import COMPANY, DemoFile, generate, settings_toml

__all__ = ["COMPANY", "DemoFile", "generate", "settings_toml"]
