"""Clients and processes that the integration tests share."""
