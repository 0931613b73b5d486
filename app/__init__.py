"""Modular monolith: an audited REST API for products, customers and tasks."""

__version__ = "0.1.0"
