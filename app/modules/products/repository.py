"""Queries on products."""

from sqlmodel import col

from app.core.repository import BaseRepository
from app.modules.products.models import Product


class ProductRepository(BaseRepository[Product]):
    model = Product
    conditions = {
        "min_price": lambda amount: col(Product.price) >= amount,
        "max_price": lambda amount: col(Product.price) <= amount,
        "in_stock": lambda yes: (col(Product.stock) > 0) == yes,
    }
