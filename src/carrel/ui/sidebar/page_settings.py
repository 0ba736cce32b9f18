"""Settings of the page, stored in the browser: theme and language."""

from __future__ import annotations

from html import escape

from carrel.ui.i18n.texts import LANGUAGES, Texts

THEMES = ("system", "light", "dark")


def settings_html(texts: Texts) -> str:
    """Return the dialog; the page's script shows it and stores the choices."""
    themes = "".join(
        f'<label><input type="radio" name="theme" value="{theme}">'
        f"<span>{texts.html(f'settings.theme.{theme}')}</span></label>"
        for theme in THEMES
    )
    languages = "".join(
        f'<option value="{code}" lang="{code}"{" selected" if each is texts else ""}>'
        f"{escape(each('language'))}</option>"
        for code, each in LANGUAGES.items()
    )
    return (
        '<dialog id="settings" aria-labelledby="settings-title">'
        f'<h2 id="settings-title">{texts.html("settings.title")}</h2>'
        f'<fieldset class="theme-choice"><legend>{texts.html("settings.theme")}</legend>{themes}'
        '</fieldset><form data-action="choose_language">'
        f'<label class="language-choice" for="language">{texts.html("settings.language")}</label>'
        f'<select id="language" name="language">{languages}</select></form>'
        '<p class="settings-more"><button class="quiet" data-import-chat>'
        f'{texts.html("chats.import")}</button></p><p class="dialog-buttons">'
        f'<button class="primary" data-close>{texts.html("close")}</button></p></dialog>'
    )
