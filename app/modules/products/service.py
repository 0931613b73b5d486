"""Product service: price and stock rules."""

from uuid import UUID

from app.core.exceptions import ConflictException
from app.core.fields import INT32
from app.core.service import CrudService
from app.modules.products.models import Product
from app.modules.products.schemas import ProductCreate, ProductUpdate


class ProductService(CrudService[Product, ProductCreate, ProductUpdate]):
    async def update(self, id: UUID, data: ProductUpdate) -> Product:
        product = await self.get_for_update(id)
        values = data.changes()
        stays_inactive = not values.get("is_active", product.is_active)
        new_price = values.get("price", product.price) != product.price
        if not product.is_active and stays_inactive and new_price:
            raise ConflictException(
                "Activate the product before changing its price", "price"
            )
        return await self.repository.update(product, values)

    async def adjust_stock(self, id: UUID, delta: int) -> Product:
        """Add `delta` to the stock of a locked row.

        Raises:
            ConflictException: the stock would be negative or exceed INT32.
        """
        product = await self.get_for_update(id)
        stock = product.stock + delta
        if not 0 <= stock <= INT32:
            raise ConflictException(
                f"Stock must stay between 0 and {INT32}; it is {product.stock}", "delta"
            )
        return await self.repository.update(product, {"stock": stock})
