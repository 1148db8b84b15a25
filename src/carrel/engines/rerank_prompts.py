"""What rerankers read: how much of a document, and Qwen3-Reranker's prompt around it. Pure.

Most rerankers take a query and a document as they are. Qwen3-Reranker is a language model that answers "yes"
or "no" to a prompt (its model card); its score means little without it. llama.cpp's server writes the prompt
by itself, from the template in the GGUF file. vLLM joins query and document as they come, unless it was
started with a template for scores. So either may be right for a model of the same name.
"""

import re
from dataclasses import dataclass

# The words, white space and all, are those the model was trained with.
_PREFIX = (
    "<|im_start|>system\nJudge whether the Document meets the requirements based on the Query and the "
    'Instruct provided. Note that the answer can only be "yes" or "no".<|im_end|>\n<|im_start|>user\n'
)
_SUFFIX = "<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n\n"
_CONTROL = re.compile(r"<\|(?=[a-z_]+\|>)")  # <|im_end|> and its like
_THINK = re.compile(r"<(?=/?think>)")
_USUAL_TOKENS = 4096
_READABLE = (  # tokens of query and document together, by the models' cards; the first that fits is taken
    (r"qwen3-(?:vl-)?reranker", 8192),  # it reads 32K; servers are seldom started with room for that
    (r"bge-reranker-v2|bge-reranker.*(?:m3|gemma|minicpm)|gte.*reranker|mxbai-rerank.*v2", 8192),
    (r"bge-reranker|ms-marco|mxbai-rerank|bce-reranker", 512),
    (r"jina-reranker-v2", 1024),
    (r"jina-reranker", 8192),
)


@dataclass(frozen=True, slots=True)
class PromptWay:
    """Who writes the prompt around a query and a document: Carrel, or the server."""

    by_carrel: bool

    def query(self, text: str, instruction: str) -> str:
        """Return a query as it is sent."""
        plain = without_control(text)
        if not self.by_carrel:
            return plain
        return f"{_PREFIX}<Instruct>: {without_control(instruction)}\n<Query>: {plain}\n"

    def document(self, text: str) -> str:
        """Return a document as it is sent."""
        plain = without_control(text)
        return f"<Document>: {plain}{_SUFFIX}" if self.by_carrel else plain


PLAIN = PromptWay(by_carrel=False)
PROMPTED = PromptWay(by_carrel=True)

# A pair that any reranker tells apart, and an instruction that fits it: for finding out which way works.
PROBE_QUERY = "What is the capital of China?"
PROBE_RIGHT = "The capital of China is Beijing."
PROBE_WRONG = "Bread is baked from flour, water, salt and yeast."
PROBE_INSTRUCTION = "Given a web search query, retrieve relevant passages that answer the query"


def needs_prompt(model: str) -> bool:
    """Whether the model, by the name it is served under, wants Qwen3-Reranker's prompt."""
    return re.search(r"qwen3-?reranker", _plain_name(model)) is not None


def readable_tokens(model: str) -> int:
    """Return how many tokens of query and document together the model reads, as far as its name tells."""
    name = _plain_name(model)
    return next((tokens for names, tokens in _READABLE if re.search(names, name)), _USUAL_TOKENS)


def without_control(text: str) -> str:
    """Return a text that cannot end its part of the prompt: a paper may try to speak for the judge."""
    return _THINK.sub("< ", _CONTROL.sub("< |", text))


def _plain_name(model: str) -> str:
    return model.lower().replace("_", "-").replace(":", "-").replace(" ", "-")
