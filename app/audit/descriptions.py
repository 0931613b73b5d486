"""Descriptions of the fields of the logs, for the OpenAPI document."""

LABEL = "The user's e-mail address at that time; null without `users:read`."
NAME = "The user's name at that time; null if unauthenticated."
SOURCE = "`client` if the client chose the id, so that others may have it as well."
IP = "With `PERSONAL_KEYS_URL`, of requests without a user: others are encrypted."
ROUTE = "Path template, such as `/api/v1/products/{product_id}`."
OUTCOME = (
    "`answered`, `crashed`, `disconnected` by the client, or `withheld` because the "
    "request could not be recorded."
)
REPLAY = "The id of the request whose stored response was sent again."
UNREADABLE = "Fields whose values can't be shown as SQL has stored them; else absent."
