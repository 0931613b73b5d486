"""Registry of modules and their actions: everything that a role can grant."""

READ = "read"
CRUD = (READ, "create", "update", "delete")

# module → actions; guarded_router adds to it when a module is imported.
REGISTRY: dict[str, tuple[str, ...]] = {}


def register(module: str, actions: tuple[str, ...]) -> None:
    known = REGISTRY.setdefault(module, actions)
    if known != actions:
        raise RuntimeError(f"{module} registers two different sets of actions")


def known_permissions() -> frozenset[str]:
    pairs = ((module, action) for module in REGISTRY for action in REGISTRY[module])
    return frozenset(f"{module}:{action}" for module, action in pairs)


def is_known(permission: str) -> bool:
    module, _, action = permission.partition(":")
    return action in REGISTRY.get(module, ())
