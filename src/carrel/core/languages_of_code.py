"""Programming languages, and the endings of their files."""

_ENDINGS = {
    "C": "c h",
    "C++": "cc cpp cxx hh hpp hxx",
    "C#": "cs",
    "Dart": "dart",
    "Go": "go",
    "Java": "java",
    "JavaScript": "js jsx mjs cjs",
    "Kotlin": "kt kts",
    "PHP": "php",
    "Python": "py pyi",
    "Ruby": "rb",
    "Rust": "rs",
    "Scala": "scala",
    "Swift": "swift",
    "TypeScript": "ts tsx mts",
}
_BY_ENDING = {ending: language for language, endings in _ENDINGS.items() for ending in endings.split()}

CODE_ENDINGS = tuple(f".{ending}" for ending in sorted(_BY_ENDING))


def language_of_code(name: str) -> str:
    """Return the language that a file's name promises by its ending; "" for any other name."""
    return _BY_ENDING.get(name.rpartition(".")[2].lower(), "")
