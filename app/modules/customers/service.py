"""Customer service. There are no rules beyond those of the fields."""

from app.core.service import CrudService
from app.modules.customers.models import Customer
from app.modules.customers.schemas import CustomerCreate, CustomerUpdate


class CustomerService(CrudService[Customer, CustomerCreate, CustomerUpdate]):
    """Customer CRUD."""
