"""The routes of accounts, and who may use each, for the matrices."""

from collections.abc import Mapping

# Who may: everybody, whoever is signed in, administrators; of a knowledge base, the least role.
ACCOUNT_ROUTES: Mapping[tuple[str, str], str] = {
    ("GET", "/setup"): "everybody",
    ("POST", "/setup"): "everybody",
    ("POST", "/sign-up"): "everybody",
    ("PUT", "/sign-up"): "administrator",
    ("POST", "/session"): "everybody",
    ("GET", "/session"): "signed in",
    ("DELETE", "/session"): "signed in",
    ("POST", "/session/password"): "signed in",
    ("GET", "/users"): "administrator",
    ("POST", "/users"): "administrator",
    ("GET", "/users/{user}"): "administrator",
    ("PATCH", "/users/{user}"): "administrator",
    ("DELETE", "/users/{user}"): "administrator",
    ("POST", "/users/{user}/password"): "administrator",
    ("GET", "/api-keys"): "full scope",
    ("POST", "/api-keys"): "full scope",
    ("DELETE", "/api-keys/{key}"): "full scope",
    ("GET", "/audit"): "administrator",
    ("GET", "/endpoints"): "administrator",
    ("POST", "/endpoints"): "administrator",
    ("GET", "/endpoints/{endpoint}"): "administrator",
    ("PUT", "/endpoints/{endpoint}"): "administrator",
    ("DELETE", "/endpoints/{endpoint}"): "administrator",
    ("GET", "/knowledge-bases/{knowledge_base}/members"): "viewer",
    ("PUT", "/knowledge-bases/{knowledge_base}/members/{user}"): "owner",
    ("DELETE", "/knowledge-bases/{knowledge_base}/members/{user}"): "owner",
}
