"""Renders the list of saved chats and its menu. Escapes titles."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from html import escape
from itertools import groupby

from carrel.core.conversations import Conversation
from carrel.services.history.chat_files import LARGEST_FILE
from carrel.ui.i18n.texts import ENGLISH, Texts
from carrel.ui.state.listed_chats import UNDO_SECONDS


def group_of(chat: Conversation, today: datetime) -> str:
    """Return the group of a chat in the list; ``today`` is when the day began."""
    if chat.pinned:
        return "chats.pinned"
    if chat.updated_at >= today:
        return "chats.today"
    if chat.updated_at >= today - timedelta(days=1):
        return "chats.yesterday"
    return "chats.earlier"


def chats_html(
    chats: Sequence[Conversation],
    current: str | None,
    today: datetime,
    *,
    texts: Texts = ENGLISH,
    words: str = "",
    more: bool = False,
) -> str:
    """Return the chats in their groups, the open one marked.

    ``words`` are the filter. ``more`` says that there are further chats.
    """
    if not chats:
        hint = texts("chats.not_found", words=words) if words else texts("chats.none")
        return f'<p class="sidebar-hint" role="status">{escape(hint)}</p>'
    groups = "".join(
        f'<h2 class="chat-group">{texts.html(key)}</h2>'
        f'<ul class="chats">{"".join(_item(each, current, texts) for each in listed)}</ul>'
        for key, listed in groupby(chats, key=lambda chat: group_of(chat, today))
    )
    button = (
        f'<button class="more-chats" data-action="more_chats">{texts.html("chats.more")}</button>'
    )
    label = texts.html("chats.label")
    return f'<nav aria-label="{label}">{groups}{button if more else ""}</nav>'


def _item(chat: Conversation, current: str | None, texts: Texts) -> str:
    mark = ' aria-current="true"' if chat.id == current else ""
    title, identity = escape(chat.title), escape(chat.id)
    return (
        f'<li class="chat"><button class="chat-title" data-action="open_chat" data-id="{identity}"'
        f'{mark} title="{title}">{title}</button>'
        f'<button class="icon-button" data-chat-menu="{identity}" data-title="{title}"'
        f'{" data-pinned" if chat.pinned else ""} aria-haspopup="menu" '
        f'aria-label="{texts.html("chats.options", title=chat.title)}">'
        '<span class="glyph icon-more"></span></button></li>'
    )


def deleted_html(chat: Conversation, texts: Texts) -> str:
    """Return the toast that offers to restore a deleted chat."""
    messages = texts.counted("chats.messages", chat.messages)
    line = texts.html("chats.deleted", title=chat.title, messages=messages)
    return (
        f'<div class="toast" role="status" data-seconds="{UNDO_SECONDS:.0f}" '
        f'data-deleted="{escape(chat.id)}"><span>{line}</span>'
        f'<button class="quiet" data-action="undo_delete">{texts.html("chats.undo")}</button></div>'
    )


def chat_tools_html(texts: Texts) -> str:
    """Return the menu of a chat and its dialogs; the page's script fills in the chat."""
    entries = (
        ("rename", "", "chats.rename"),
        ("", 'data-action="pin_chat"', "chats.pin"),
        ("", 'data-action="unpin_chat"', "chats.unpin"),
        ("", 'data-action="export_markdown"', "chats.export_markdown"),
        ("", 'data-action="export_json"', "chats.export_json"),
        ("delete", "", "chats.delete"),
    )
    items = "".join(
        f'<button role="menuitem" tabindex="-1" {action or f"data-opens={opens}"}>'
        f"{texts.html(key)}</button>"
        for opens, action, key in entries
    )
    cancel = f'<button class="quiet" type="button" data-close>{texts.html("cancel")}</button>'
    return (
        f'<div id="chat-menu" role="menu" popover="auto">{items}</div>'
        '<dialog id="rename-chat" aria-labelledby="rename-chat-title">'
        '<form data-action="rename_chat">'
        f'<h2 id="rename-chat-title">{texts.html("chats.rename.title")}</h2>'
        f'<input name="title" required maxlength="200" autocomplete="off" '
        f'aria-label="{texts.html("chats.rename.name")}"><p class="dialog-buttons">{cancel}'
        f'<button class="primary">{texts.html("save")}</button></p></form></dialog>'
        '<dialog id="delete-chat" aria-labelledby="delete-chat-title">'
        f'<h2 id="delete-chat-title">{texts.html("chats.delete.title")}</h2>'
        f'<p><strong class="dialog-subject"></strong></p><p>{texts.html("chats.delete.what")}</p>'
        '<p class="dialog-buttons">'
        f'<button class="quiet" data-close autofocus>{texts.html("keep")}</button>'
        f'<button class="danger" data-action="delete_chat" data-close>'
        f"{texts.html('chats.delete')}</button></p></dialog>"
        f'<form id="import-chat" data-action="import_chat" data-largest="{LARGEST_FILE}" hidden>'
        '<input type="file" accept="application/json,.json" tabindex="-1" '
        f'aria-label="{texts.html("chats.import")}">'
        '<textarea name="content" tabindex="-1" aria-hidden="true"></textarea></form>'
    )
