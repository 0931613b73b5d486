"""Which modules there are, and what can be done to each: the modules declare it."""

READ = "read"
CRUD = (READ, "create", "update", "delete")

# module → actions; guarded_router adds to it when a module is imported.
CATALOGUE: dict[str, tuple[str, ...]] = {}


def declare(module: str, actions: tuple[str, ...]) -> None:
    known = CATALOGUE.setdefault(module, actions)
    if known != actions:
        raise RuntimeError(f"{module} declares its actions twice, and differently")


def known_permissions() -> frozenset[str]:
    pairs = ((module, action) for module in CATALOGUE for action in CATALOGUE[module])
    return frozenset(f"{module}:{action}" for module, action in pairs)


def is_known(permission: str) -> bool:
    module, _, action = permission.partition(":")
    return action in CATALOGUE.get(module, ())
