"""Which modules there are, and what can be done to each: the modules register it."""

READ = "read"
CRUD = (READ, "create", "update", "delete")

# module → actions; guarded_router adds to it when a module is imported.
REGISTRY: dict[str, tuple[str, ...]] = {}


def register(module: str, actions: tuple[str, ...]) -> None:
    known = REGISTRY.setdefault(module, actions)
    if known != actions:
        raise RuntimeError(f"{module} declares its actions twice, and differently")


def known_permissions() -> frozenset[str]:
    pairs = ((module, action) for module in REGISTRY for action in REGISTRY[module])
    return frozenset(f"{module}:{action}" for module, action in pairs)


def is_known(permission: str) -> bool:
    module, _, action = permission.partition(":")
    return action in REGISTRY.get(module, ())
