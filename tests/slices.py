"""The test class of each slice, by resource.

A new module is discovered by its tests, so that there is no list to maintain.
"""

from importlib import import_module
from pkgutil import iter_modules

from tests import modules
from tests.auth.roles import test_roles
from tests.auth.users import test_users
from tests.contract import CrudContract

found = [
    import_module(f"{modules.__name__}.{it.name}")
    for it in iter_modules(modules.__path__)
]
SLICES: dict[str, type[CrudContract]] = {
    module.TestCrud.resource: module.TestCrud
    for module in (*found, test_users, test_roles)
    if hasattr(module, "TestCrud")
}
