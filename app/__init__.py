"""A modular monolith: products, customers and tasks behind one audited REST API."""

__version__ = "0.1.0"
