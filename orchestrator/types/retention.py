"""What is removed when it is old."""

from typing import Literal

Kind = Literal["traces", "deliveries", "late answers", "sessions", "conversations"]
"""Deliveries are outbox rows that went out; conversations are closed ones, with all that belongs to them."""
