"""The commands of ``carrel``: what each is called, says of itself and takes.

A command's module is imported when the command runs, so that help and completion need none of them.
"""

from __future__ import annotations

from carrel.cli.arguments import Flag
from carrel.cli.command import COLLECTION, DOCUMENTS, FILTER, JSON, SERVER, Command

_SUMMARY_FLAGS = (
    COLLECTION,
    Flag("focus", "Topic to concentrate on, or to look for.", "TEXT"),
    DOCUMENTS,
    SERVER,
    JSON,
)

_ALL = (
    Command("serve", "serve", "Serve the page and the API (what generate.py does)."),
    Command(
        "ingest",
        "ingest --user_path=FOLDER | FILE... | URL... [--collection=NAME]",
        "Synchronise a collection with a folder, or read files and web pages into it.",
        (
            COLLECTION,
            SERVER,
            JSON,
            Flag("depth", "Links to follow from an address, within its site.", "NUMBER"),
            Flag("wiki", "Dump of a wiki to ingest, as pages-articles.xml.bz2.", "FILE"),
            Flag(
                "wiki_pageviews", "Page views (pageviews-complete, or title, tab, number).", "FILE"
            ),
            Flag("wiki_min_views", "Leave out articles of a dump with fewer page views.", "NUMBER"),
        ),
        "FILE",
    ),
    Command(
        "ask",
        'ask "QUESTION" [--collection=NAME]',
        "Answer a question from a collection and name the sources.",
        (COLLECTION, DOCUMENTS, FILTER, SERVER, JSON),
    ),
    Command(
        "search",
        'search "QUESTION" [--collection=NAME]',
        "Show the passages that a question finds; no model is asked.",
        (COLLECTION, DOCUMENTS, FILTER, SERVER, JSON),
    ),
    Command(
        "summarize",
        "summarize [--collection=NAME] [--focus=TEXT]",
        "Summarize the documents of a collection, or some of them.",
        _SUMMARY_FLAGS,
    ),
    Command(
        "extract",
        "extract [--collection=NAME] [--focus=TEXT]",
        "List what the documents of a collection say, each with page and quote.",
        _SUMMARY_FLAGS,
    ),
    Command(
        "chat",
        "chat [--collection=NAME]",
        "Chat in the terminal; --collection=LLM asks no documents.",
        (COLLECTION, DOCUMENTS, FILTER, SERVER),
    ),
    Command(
        "collections",
        "collections [create NAME | rename OLD NEW | delete NAME]",
        "List the collections and how much is in them, or change them.",
        (
            Flag("shared", "Let every account see a collection that is created.", None),
            SERVER,
            JSON,
        ),
        "create|rename|delete",
    ),
    Command(
        "documents",
        "documents [--collection=NAME]",
        "List the documents of a collection and what each states: title, authors, dates, keywords.",
        (COLLECTION, FILTER, SERVER, JSON),
    ),
    Command(
        "evaluate",
        "evaluate --questions=FILE.jsonl [--collection=NAME]",
        "Measure what a collection finds and answers, on questions whose answers are known.",
        (
            COLLECTION,
            Flag(
                "questions",
                "File of JSON lines: question, answer (a text, a list, or null), document, page.",
                "FILE.jsonl",
            ),
            Flag("answers", "False measures the search alone and asks no model.", None),
            Flag("limit", "Ask only so many questions, the first ones.", "N"),
            Flag("output", "Folder for results.json, questions.jsonl and report.html.", "FOLDER"),
            Flag(
                "compare", "results.json of another run, to be shown beside this one.", "FILE.json"
            ),
            SERVER,
            JSON,
        ),
    ),
    Command(
        "reingest",
        "reingest NAME... | --failed [--collection=NAME]",
        "Read documents again from their originals, with the current readers and settings.",
        (COLLECTION, SERVER, JSON, Flag("failed", "Read all that failed.", None)),
    ),
    Command("reindex", "reindex", "Recompute all vectors, with --embedder."),
    Command(
        "recover",
        "recover",
        "Set aside the files that catalog.db does not know, where it is lost or an older copy.",
    ),
    Command(
        "models",
        "models [load|unload NAME]",
        "List, load or unload the models of the server.",
        (JSON,),
        "load|unload",
    ),
    Command(
        "check",
        "check",
        "Print each setting, its value and where that came from.",
        (JSON,),
    ),
    Command(
        "completion",
        "completion bash|zsh|fish",
        "Print what makes a shell complete commands, flags and values.",
        words="bash|zsh|fish",
    ),
)

COMMANDS: dict[str, Command] = {command.name: command for command in _ALL}
