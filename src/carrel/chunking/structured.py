"""What a domain reads in a paper that any parser has read: articles, claims; papers and documents stay."""

from carrel.chunking.articles import with_articles
from carrel.chunking.patents import with_claims
from carrel.core.domains import Domain
from carrel.core.paper import ParsedPaper


def structured(parsed: ParsedPaper, domain: Domain) -> ParsedPaper:
    """Return the paper as its domain reads it: the same text, other blocks, what the text says of itself.

    A pure function of what was read, so that one stored parse serves knowledge bases of every domain. Files
    of code have their structure from their reader, which knows their language.
    """
    if domain is Domain.STATUTES:
        return with_articles(parsed)
    if domain is Domain.PATENTS:
        return with_claims(parsed)
    return parsed
