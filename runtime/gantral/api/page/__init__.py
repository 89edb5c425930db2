"""The inbox page: server-rendered, no script (DESIGN section 8)."""

from gantral.api.page.pages import page_routes
from gantral.api.page.sessions import Sessions

__all__ = ["Sessions", "page_routes"]
