"""Which errors hold up one knowledge base and not the others."""

from carrel.core.engine_errors import (
    EncoderChanged,
    EndpointNonsense,
    EndpointNotSet,
    EndpointRefuses,
    EngineNotInstalled,
    GgufUnusable,
)
from carrel.core.errors import (
    InvalidSetting,
    ModelUnknown,
    ParserNotInstalled,
    ParserUnknown,
    ParsingServiceUnavailable,
)

ITS_OWN_TROUBLE = (
    ParsingServiceUnavailable,
    ParserNotInstalled,
    ParserUnknown,
    InvalidSetting,
    ModelUnknown,
    EndpointNotSet,
    EndpointRefuses,
    EndpointNonsense,
    EngineNotInstalled,
    EncoderChanged,
    GgufUnusable,
)
"""What keeps a knowledge base's papers waiting and is nobody else's matter."""
