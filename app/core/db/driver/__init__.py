"""Execution of Core statements by the driver, without a Session and a Result."""
