//! Integration tests: the real application against a real database.
