"""Which folder is which, on servers as they are found."""

import unicodedata

import pytest

from bot.mail.folders import Chosen, Listed, find_folders

GMAIL = [
    Listed("INBOX", "/", frozenset({"\\hasnochildren"})),
    Listed("[Gmail]", "/", frozenset({"\\noselect", "\\haschildren"})),
    Listed("[Gmail]/Alle Nachrichten", "/", frozenset({"\\all"})),
    Listed("[Gmail]/Entwürfe", "/", frozenset({"\\drafts"})),
    Listed("[Gmail]/Gesendet", "/", frozenset({"\\sent"})),
    Listed("Drafts", "/"),
]


def plain(*names: str, separator: str = "/") -> list[Listed]:
    return [Listed(name, separator) for name in names]


def test_the_servers_own_word_goes_before_names() -> None:
    found = find_folders(GMAIL)
    assert (found.drafts, found.sent, found.archives) == (
        "[Gmail]/Entwürfe",
        ("[Gmail]/Gesendet",),
        ("[Gmail]/Alle Nachrichten",),
    )
    assert found.untold == ()


@pytest.mark.parametrize(
    ("drafts", "sent", "archive"),
    [
        ("Drafts", "Sent Items", "Archive"),
        ("Entwürfe", "Gesendete Elemente", "Archiv"),
        ("Brouillons", "Éléments envoyés", "Archives"),
        ("Borradores", "Elementos enviados", "Archivo"),
        ("Bozze", "Posta inviata", "Archivio"),
        ("Concepten", "Verzonden items", "Archief"),
        ("Rascunhos", "Itens Enviados", "Arquivo"),
        ("Kopie robocze", "Elementy wysłane", "Archiwum"),
        ("Utkast", "Skickat", "Arkiv"),
        ("Kladder", "Sendt post", "Arkiv"),
        ("DRAFTS", "SENT", "ARCHIVE"),
    ],
)
@pytest.mark.parametrize(("prefix", "separator"), [("", "/"), ("INBOX.", "."), ("INBOX/", "/"), ("[Gmail]/", "/")])
def test_without_that_word_usual_names_tell_in_any_case_and_under_any_prefix(
    drafts: str, sent: str, archive: str, prefix: str, separator: str
) -> None:
    names = [prefix + name for name in (drafts, sent, archive, "Projekte")]
    for prefixes in ([prefix], []):
        found = find_folders(plain("INBOX", *names, separator=separator), prefixes)
        assert [found.drafts, *found.sent, *found.archives] == names[:3]


def test_a_name_is_known_however_its_umlauts_are_composed() -> None:
    name = unicodedata.normalize("NFD", "Entwürfe")
    assert find_folders(plain("INBOX", name)).drafts == name


def test_a_folder_below_another_or_a_colleagues_is_not_taken_for_the_persons() -> None:
    found = find_folders(plain("INBOX", "Projects/Drafts", "Other Users/bob/Sent", "Clients/Archive"))
    assert (found.drafts, found.sent, found.archives) == (None, (), ())


def test_two_folders_for_drafts_are_told_and_neither_is_taken() -> None:
    found = find_folders(plain("INBOX", "Drafts", "Entwürfe", "Sent", "Gesendet"))
    assert found.drafts is None
    assert found.no_drafts == "Several folders may be the one for drafts: Drafts, Entwürfe. Set its name."
    assert found.sent == ("Sent", "Gesendet")  # both are read


def test_two_that_the_server_names_are_told_as_well() -> None:
    twice = [Listed("A", "/", frozenset({"\\drafts"})), Listed("B", "/", frozenset({"\\drafts"}))]
    assert find_folders(twice).drafts is None


def test_what_the_person_set_settles_it_and_is_taken_as_the_server_writes_it() -> None:
    listed = plain("INBOX", "Drafts", "Entwürfe", "Team/Out", "Keep")
    found = find_folders(listed, chosen=Chosen(sent="team/out", drafts="ENTWÜRFE", archives=("keep",)))
    assert (found.drafts, found.sent, found.archives) == ("Entwürfe", ("Team/Out",), ("Keep",))
    assert found.untold == ()


def test_a_folder_that_was_set_and_is_not_there_is_told_and_nothing_is_taken_in_its_place() -> None:
    found = find_folders(plain("INBOX", "Drafts", "Sent"), chosen=Chosen(drafts="Mine", sent="Ours"))
    assert (found.drafts, found.sent) == (None, ())
    assert found.no_drafts == "There is no folder Mine: set one that is there."
    assert found.untold == ("There is no folder Ours: set one that is there.", found.no_drafts)


def test_a_folder_that_cannot_be_opened_is_none() -> None:
    found = find_folders([Listed("Drafts", "/", frozenset({"\\noselect"})), *plain("INBOX")])
    assert found.drafts is None
    assert found.no_drafts == "No folder for drafts was found: set its name."
