"""Generated TypeScript clients: the compiler accepts them, and they can be used."""

from pathlib import Path

import pytest

from tests.generated.conftest import Steps

pytestmark = pytest.mark.client

TYPESCRIPT = "typescript@5.9.3"
# A field with a default may be left out of a request.
OPTIONS = ("--default-non-nullable=false",)
MODULES = ("--module", "ESNext", "--moduleResolution", "Bundler")
LIBRARIES = ("--target", "ES2022", "--lib", "ES2022,DOM,DOM.Iterable")
COMPILE = ("npx", "tsc", "--strict", "--noEmit", *MODULES, *LIBRARIES)

TYPES = """
import type { paths, components } from "./schema";

type Product = components["schemas"]["ProductRead"];
type Post = paths["/api/v1/products"]["post"];
type Get = paths["/api/v1/products"]["get"];
type Create = Post["requestBody"]["content"]["application/json"];
type Listed = Get["responses"]["200"]["content"]["application/json"];
type Rejected = Post["responses"]["422"]["content"]["application/problem+json"];

export const pen: Create = { sku: "PEN-1", name: "Pen", price: "1.50" };
export const total = (page: Listed): number | null => page.total;
export const first = (page: Listed): Product | undefined =>
  "fields" in page ? undefined : page.items[0];
export const why = (problem: Rejected): string => problem.code;
// @ts-expect-error A price is a decimal string.
export const wrong: Create = { sku: "PEN-1", name: "Pen", price: 1.5 };
"""
HEY_API = """
import { createProduct, listProducts, type DiffRead } from "./client";

const { data, error } = await createProduct({
  body: { sku: "PEN-1", name: "Pen", price: "1.50" },
});
export const price: string | undefined = data?.price;
export const code: string | undefined = error?.code;
const page = await listProducts({ query: { limit: 10, is_active: true } });
export const total: number | null | undefined = page.data?.total;
export const price_before = (diff: DiffRead): unknown => {
  const [before, after] = diff.changed.price satisfies [unknown, unknown];
  return before ?? after;
};
"""
ORVAL = """
import { createProduct, listProducts } from "./client";

const created = await createProduct({ sku: "PEN-1", name: "Pen", price: "1.50" });
if (created.status === 201) { created.data.price satisfies string; }
const page = await listProducts({ limit: 10, is_active: true });
if (page.status === 200) { page.data.total satisfies number | null; }
"""


def test_openapi_typescript(folder: Path, install: Steps, run: Steps) -> None:
    (folder / "use.ts").write_text(TYPES)
    install("openapi-typescript@7.13.0", TYPESCRIPT)
    run("npx", "openapi-typescript", "openapi.json", "-o", "schema.d.ts", *OPTIONS)
    run(*COMPILE, "use.ts")


def test_hey_api(folder: Path, install: Steps, run: Steps) -> None:
    (folder / "use.ts").write_text(HEY_API)
    install("@hey-api/openapi-ts@0.90.0", TYPESCRIPT)
    given = ("-i", "openapi.json", "-o", "client", "-c", "@hey-api/client-fetch")
    run("npx", "openapi-ts", *given)
    run(*COMPILE, "use.ts")


def test_orval(folder: Path, install: Steps, run: Steps) -> None:
    (folder / "use.ts").write_text(ORVAL)
    install("orval@7.13.0", TYPESCRIPT)
    given = ("--input", "openapi.json", "--output", "client.ts", "--client", "fetch")
    run("npx", "orval", *given)
    run(*COMPILE, "--skipLibCheck", "use.ts")
