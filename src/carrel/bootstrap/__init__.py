"""Settings → Services: the only room where adapters meet.

Everything costly is built when it is first asked for: ``carrel list`` loads no model, ``carrel
search`` starts no parser.
"""

from carrel.bootstrap.gateway import GatewayModels, gateway_models
from carrel.bootstrap.opening import open_drawer, open_parser, open_services
from carrel.bootstrap.services import Services

__all__ = ["GatewayModels", "Services", "gateway_models", "open_drawer", "open_parser", "open_services"]
