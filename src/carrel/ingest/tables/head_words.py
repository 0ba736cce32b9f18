"""Words that name columns, in the languages of most documents.

They decide only where nothing else tells the heads of a table of words from its rows.
"""

from __future__ import annotations

import re

_ENGLISH = """
account address age amount answer area author begin budget capital category client city class code
colour color
comment company contact count country currency customer date day department description
deadline depth destination duration email end event field first from function group height hour id
item job
language last lead leader length level link location manager material meaning measure meeting
member model
month name no note notes number office order owner part person phone place position price priority
product profession project quantity quarter question reason region remark remarks responsible
result role row season sector sex shift size source species start state status street
subject supplier surname symbol task team term time title topic to total town type unit user value
vehicle version volume weekday weight who width
year zip
"""
_EUROPEAN = """
abteilung adresse alter anzahl art aufgabe auftraggeber beginn beruf beschreibung bemerkung
bezeichnung datum einheit
ende farbe frage funktion gruppe größe kategorie kommentar kunde land menge monat nachname ort
preis produkt projekt raum rolle sprache stadt straße stück tag thema titel
typ uhrzeit breite höhe länge gewicht leitung tiefe verantwortlich vorname wert woche zeit zustand
nom prénom ville pays âge métier couleur prix quantité montant rue année mois jour heure titre
sujet langue état statut commentaire adresse fonction
nombre apellido ciudad país edad color precio cantidad importe calle año mes día hora título tema
idioma estado comentario dirección fecha región producto
nome cognome città paese età colore prezzo quantità importo anno mese giorno ora titolo lingua stato
commento indirizzo data prodotto
cidade país idade cor preço quantidade rua mês dia título língua situação endereço produto
naam plaats stad leeftijd kleur prijs aantal bedrag straat jaar maand dag uur titel taal opmerking
imię nazwisko nazwa miasto kraj wiek kolor cena ilość kwota ulica rok miesiąc dzień tytuł język
stan uwagi jméno příjmení město země věk barva cena množství rok měsíc den
ad soyad isim şehir ülke yaş renk fiyat miktar tutar yıl ay gün başlık dil durum tarih
namn stad land ålder färg pris antal navn by alder farge nimi kaupunki maa ikä väri hinta määrä
név város ország kor szín ár mennyiség év hónap nap nume oraș țară vârstă culoare preț
"""
_OTHER_SCRIPTS = """
имя фамилия город страна возраст цвет цена количество сумма улица год месяц день час название тема
язык состояние дата регион товар описание адрес статус ім'я місто країна вік колір ціна кількість
όνομα πόλη χώρα ηλικία χρώμα τιμή ποσότητα έτος μήνας ημέρα
الاسم المدينة البلد العمر اللون السعر الكمية السنة الشهر اليوم التاريخ שם עיר מדינה גיל צבע מחיר
नाम शहर देश आयु रंग मूल्य मात्रा वर्ष तारीख
姓名 名称 名稱 城市 国家 國家 年龄 年齡 颜色 顏色 价格 價格 数量 數量 金额 年份
月份 日期 地区 类型 状态 职位
名前 氏名 都市 国 年齢 色 価格 数量 金額 年 月 日 日付 地域 種類 状態 住所 職業
이름 도시 국가 나이 색 색상 가격 수량 금액 년 월 일 날짜 지역 상태 주소 직업
ชื่อ เมือง ประเทศ อายุ สี ราคา จำนวน ปี เดือน วันที่
"""
_WORDS = frozenset(f"{_ENGLISH} {_EUROPEAN} {_OTHER_SCRIPTS}".split())
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
_MOST_WORDS = 4


def names_a_column(cell: str) -> bool:
    """Whether a short text has a word that usually names a column."""
    words = _WORD.findall(cell[:100].casefold())
    return len(words) <= _MOST_WORDS and not _WORDS.isdisjoint(words)
