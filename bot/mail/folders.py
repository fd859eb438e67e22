"""Which folder is which: told by the server (RFC 6154), else by its name, else by the person. Pure.

Reading one folder too many does no harm, so Sent and archives may be several. Drafts is written to: it is never guessed.
"""

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


def _names(text: str) -> frozenset[str]:
    return frozenset(name.strip() for name in text.replace(",\n", ",").replace("\n", " ").split(","))


# As mail programs and providers call them in the languages of their users; compared in small letters.
_DRAFTS = _names("""
drafts, draft, entwürfe, entwurf, brouillons, brouillon, borradores, borrador, bozze, bozza, concepten, concept,
rascunhos, rascunho, szkice, kopie robocze, wersje robocze, robocze, utkast, kladder, kladd, luonnokset, koncepty,
rozepsané, rozpísané, piszkozatok, ciorne, schițe, taslaklar, esborranys, skice, osnutki, mustandid, melnraksti,
juodraščiai, чернови, черновики, чернетки, πρόχειρα, 下書き, 草稿, 草稿箱, 草稿夾, 임시보관함, 임시 보관함, טיוטות,
مسودات, المسودات, thư nháp, draf
""")
_SENT = _names("""
sent, sent items, sent messages, sent mail, sent-mail, sent_mail, gesendet, gesendete elemente, gesendete objekte,
gesendete nachrichten, gesendete mails, envoyés, éléments envoyés, messages envoyés, objets envoyés, courrier
envoyé, enviados, elementos enviados, mensajes enviados, correo enviado, inviati, inviata, posta inviata, elementi
inviati, messaggi inviati, verzonden, verzonden items, verzonden berichten, enviadas, itens enviados, mensagens
enviadas, e-mails enviados, wysłane, elementy wysłane, wysłane elementy, skickat, skickade, skickade objekt,
skickade meddelanden, sendt, sendte elementer, sendte meldinger, sendt post, sendte beskeder, lähetetyt, lähetetyt
viestit, odeslané, odeslaná pošta, odoslané, odoslaná pošta, elküldött, elküldött elemek, elküldött üzenetek,
trimise, elemente trimise, gönderilmiş öğeler, gönderilenler, gönderilmiş postalar, enviats, poslano, saadetud,
nosūtītie, išsiųsti, изпратени, отправленные, надіслані, відправлені, απεσταλμένα, 送信済み,
送信済みアイテム, 送信済みメール, 已发送, 已发送邮件, 已傳送, 寄件備份, 寄件備份匣,
보낸편지함, 보낸 편지함, נשלח, دفتر المرسل, البريد المرسل, thư đã gửi, terkirim
""")
_ARCHIVES = _names("""
archive, archives, archived, all mail, archiv, alle nachrichten, tous les messages, archivo, archivados, todos,
archivio, tutti i messaggi, archief, alle berichten, arquivo, arquivos, todos os e-mails, todo o correio, archiwum,
wszystkie, arkiv, alla mail, all post, arkisto, archív, archívum, arhivă, arşiv, arxiu, arhiva, arhiiv, arhīvs,
archyvas, архив, архів, вся почта, αρχείο, アーカイブ, 归档, 封存, 보관함, ארכיון, أرشيف, lưu trữ, arsip
""")
_PARENTS = frozenset({"inbox", "[gmail]", "[google mail]"})
"""Under these a folder still counts as the person's own."""
_CLOSED = frozenset({"\\noselect", "\\nonexistent"})


@dataclass(frozen=True)
class Listed:
    """One line of LIST; the name is decoded, the flags are in small letters."""

    name: str
    separator: str
    flags: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Chosen:
    """Folders that the person set by hand; empty where the server's word is to be taken."""

    sent: str = ""
    drafts: str = ""
    archives: tuple[str, ...] = ()


@dataclass(frozen=True)
class Folders:
    """Where things lie. Sentences say what could not be told and what to set: `no_drafts`, and `untold` for all."""

    inbox: str
    sent: tuple[str, ...]
    drafts: str | None
    archives: tuple[str, ...]
    no_drafts: str = ""
    untold: tuple[str, ...] = ()


def find_folders(listed: Iterable[Listed], prefixes: Sequence[str] = (), chosen: Chosen = Chosen()) -> Folders:
    """`prefixes` are those of the personal namespaces, such as `INBOX.`."""
    open_ones = [one for one in listed if not one.flags & _CLOSED]
    own = [one for one in open_ones if _is_own(one, prefixes)]
    sent, no_sent = _by_hand(open_ones, (chosen.sent,) if chosen.sent else ())
    archives, no_archives = _by_hand(open_ones, chosen.archives)
    drafts, no_drafts = _drafts(open_ones, own, prefixes, chosen.drafts)
    if not chosen.sent:
        sent = _flagged(open_ones, "\\sent") or _named(own, prefixes, _SENT)
        no_sent = () if sent else ("No folder for sent mail was found: set its name.",)
    return Folders(
        inbox=next((one.name for one in open_ones if one.name.casefold() == "inbox"), "INBOX"),
        sent=sent,
        drafts=drafts,
        archives=archives if chosen.archives else _archives(open_ones, own, prefixes),
        no_drafts=no_drafts,
        untold=tuple(filter(None, (*no_sent, no_drafts, *no_archives))),
    )


def _drafts(open_ones: list[Listed], own: list[Listed], prefixes: Sequence[str], chosen: str) -> tuple[str | None, str]:
    """The folder, else a sentence that says why not."""
    if chosen:
        names, untold = _by_hand(open_ones, (chosen,))
        return (names[0], "") if names else (None, untold[0])
    names = _flagged(open_ones, "\\drafts") or _named(own, prefixes, _DRAFTS)
    match names:
        case (only,):
            return only, ""
        case ():
            return None, "No folder for drafts was found: set its name."
        case _:
            return None, f"Several folders may be the one for drafts: {', '.join(names)}. Set its name."


def _archives(open_ones: list[Listed], own: list[Listed], prefixes: Sequence[str]) -> tuple[str, ...]:
    flagged = _flagged(open_ones, "\\all") + _flagged(open_ones, "\\archive")
    return tuple(dict.fromkeys(flagged)) or _named(own, prefixes, _ARCHIVES)


def _by_hand(open_ones: list[Listed], chosen: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The server's names of the folders that were set, and a sentence for each that is not there."""
    exact = {_plain(one.name): one.name for one in open_ones}
    found = tuple(exact[_plain(name)] for name in chosen if _plain(name) in exact)
    untold = tuple(f"There is no folder {name}: set one that is there." for name in chosen if _plain(name) not in exact)
    return found, untold


def _flagged(listed: Iterable[Listed], flag: str) -> tuple[str, ...]:
    return tuple(one.name for one in listed if flag in one.flags)


def _named(own: Iterable[Listed], prefixes: Sequence[str], names: frozenset[str]) -> tuple[str, ...]:
    return tuple(one.name for one in own if _parts(one, prefixes)[-1] in names)


def _is_own(one: Listed, prefixes: Sequence[str]) -> bool:
    """At the top, so that `Projects/Archive` or a colleague's shared `Drafts` is not taken for the person's."""
    return all(parent in _PARENTS for parent in _parts(one, prefixes)[:-1])


def _parts(one: Listed, prefixes: Sequence[str]) -> list[str]:
    """The path below the namespace, comparable."""
    prefix = max((prefix for prefix in prefixes if prefix and one.name.startswith(prefix)), key=len, default="")
    path = one.name[len(prefix) :] or one.name
    return [_plain(part) for part in (path.split(one.separator) if one.separator else [path])]


def _plain(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold().strip()
