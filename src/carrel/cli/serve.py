"""``carrel serve``: a server on the data folder, and the models of this machine for other programs."""

import sys

from carrel.bootstrap import GatewayModels, gateway_models
from carrel.cli.output import note, print_json
from carrel.cli.session import services
from carrel.config import load_settings
from carrel.core.language import tr


def run_server(host: str, port: int, workers: int, as_json: bool) -> int:
    """Own the index, listen, say where, work and answer until stopped, and end with 0."""
    from carrel.api.app import Server, create_app
    from carrel.api.hosts import Hosts
    from carrel.api.listening import address_of, listen, serve
    from carrel.api.rest.sign_in import CatalogSignIn, set_up_code
    from carrel.cli.server_file import new_token
    from carrel.cli.serving import at_work
    from carrel.web.compose import add_pages

    settings = load_settings()
    key, token = settings.gateway_api_key, new_token()
    with listen(host, port) as listening, services(settings) as opened:
        opened.own_index("carrel serve", at_once=True)
        server = Server(opened, CatalogSignIn(opened.accounts()), token, Hosts(settings.allowed_hosts, host))
        models = gateway_models(opened)
        app = create_app(models, key, server=server)
        add_pages(app)
        address = address_of(listening)
        with at_work(opened, workers, address, token):
            code = "" if opened.accounts().users.is_set_up() else set_up_code(token)
            _announce(models, address, code, as_json)
            serve(app, listening)
    note(tr("Stopped."))
    return 0


def _announce(models: GatewayModels, address: str, code: str, as_json: bool) -> None:
    reranker = models.reranker.model if models.reranker else None
    if as_json:
        document = {
            "url": f"{address}/v1",
            "pages": f"{address}/",
            "model": models.name,
            "reranker": reranker,
        }
        print_json(document | {"set_up_code": code or None})
        sys.stdout.flush()
    else:
        print(tr("Listening on {url}, Ctrl-C stops it.").format(url=f"{address}/v1"))
        print(tr("Pages: {url}").format(url=f"{address}/"))
        print(tr("Embeddings: {model}").format(model=models.name))
        print(tr("Reranker: {model}").format(model=reranker or tr("none")), flush=True)
    if code:  # on standard error, where what the server says is kept
        note(
            tr("No account yet. Setting it up from another machine takes this code: {code}").format(code=code)
        )
