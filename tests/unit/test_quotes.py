"""What of a mail is its author's own, in many programs' and languages' ways of quoting and signing."""

import pytest

from bot.mail.quotes import split

HISTORY = "> Can you come on Friday?\n> Ada"

# By name: a mail, and what of it is its author's own.
CASES: dict[str, tuple[str, str]] = {
    "nothing to strip": ("Yes, at ten.\n\nAda", "Yes, at ten.\n\nAda"),
    "empty": ("", ""),
    "gmail": (f"Yes.\n\nOn Mon, 23 Nov 2026 at 10:00, Ada Lovelace <ada@example.org> wrote:\n\n{HISTORY}", "Yes."),
    "gmail wrapped": (f"Yes.\n\nOn Mon, Nov 23, 2026 at 10:00 AM Ada Lovelace\n<ada@example.org> wrote:\n\n{HISTORY}", "Yes."),
    "gmail wrapped thrice": (f"Yes.\n\nOn Mon, Nov 23, 2026 at 10:00 AM\nAda Lovelace via Desk\n<ada@example.org>\nwrote:\n\n{HISTORY}", "Yes."),
    "apple": (f"Yes.\n\n> On Nov 23, 2026, at 10:00 AM, Ada <ada@example.org> wrote:\n> \n{HISTORY}\n", "Yes."),
    "unmarked history": ("Yes.\n\nOn Mon, 23 Nov 2026 at 10:00, Ada <ada@example.org> wrote:\n\nCan you come?\n\nAda", "Yes."),
    "thunderbird": (f"Yes.\n\nOn 23.11.26 10:00, Ada Lovelace wrote:\n{HISTORY}", "Yes."),
    "mutt": (f"On Mon, Nov 23, 2026 at 10:00:00AM +0100, Ada wrote:\n{HISTORY}\n\nYes.", "Yes."),
    "bottom posting": (f"Ada wrote:\n{HISTORY}\n\nYes, I can.", "Yes, I can."),
    "interleaved": ("Ada wrote:\n> Friday?\nYes.\n> At ten?\nRather at eleven.\n> Bye", "Yes.\n\nRather at eleven."),
    "interleaved with greeting": ("Hi Ada,\n\n> Friday?\n\nYes.\n\n> At ten?\n\nNo.\n\nBob", "Hi Ada,\n\nYes.\n\nNo.\n\nBob"),
    "selected quotation in the middle": ("Hallo Ada,\n\nAm 13.05.2026 um 09:05 schrieb Ada Lovelace:\n> Freitag?\n\nGerne.\n\nViele Grüße\nBob", "Hallo Ada,\n\nGerne.\n\nViele Grüße\nBob"),
    "supercite": ("Ada writes:\nAL> Friday?\nAL> At ten?\n\nYes.", "Yes."),
    "odd sign": ("On 26 Jul 2002, Ada wrote:\n\n--]grew up in a flat\n--]and liked it\n\nSame here.", "Same here."),
    "wrapped quotation": ("> This is a very long line that a mailer has broken at the wrong place again and\nagain.\n> End\n\nYes.", "Yes."),
    "german": (f"Ja.\n\nAm Mo., 23. Nov. 2026 um 10:00 Uhr schrieb Ada <ada@example.org>:\n\n{HISTORY}", "Ja."),
    "german unmarked": ("Ja.\n\nAm 23.11.2026 um 10:00 schrieb Ada Lovelace:\n\nKommst du?", "Ja."),
    "german name first": (f"Ja.\n\nAda Lovelace <ada@example.org> schrieb am Mo., 23. Nov. 2026, 10:00:\n\n{HISTORY}", "Ja."),
    "french": (f"Oui.\n\nLe lun. 23 nov. 2026 à 10:00, Ada <ada@example.org> a écrit :\n\n{HISTORY}", "Oui."),
    "french unmarked": ("Oui.\n\nLe 23 nov. 2026 à 10:00, Ada <ada@example.org> a écrit :\n\nTu viens ?", "Oui."),
    "spanish": (f"Sí.\n\nEl lun, 23 nov 2026 a las 10:00, Ada (<ada@example.org>) escribió:\n\n{HISTORY}", "Sí."),
    "dutch": (f"Ja.\n\nOp ma 23 nov. 2026 om 10:00 schreef Ada <ada@example.org>:\n\n{HISTORY}", "Ja."),
    "dutch apple": (f"Ja.\n\nOp 23 nov. 2026 om 10:00 heeft Ada <ada@example.org> het volgende geschreven:\n\n{HISTORY}", "Ja."),
    "italian": (f"Sì.\n\nIl giorno lun 23 nov 2026 alle ore 10:00 Ada <ada@example.org> ha scritto:\n\n{HISTORY}", "Sì."),
    "portuguese": (f"Sim.\n\nEm seg, 23 de nov de 2026 10:00, Ada <ada@example.org> escreveu:\n\n{HISTORY}", "Sim."),
    "norwegian": (f"Ja.\n\nDen 23. nov. 2026 kl. 10.00 skrev Ada <ada@example.org>:\n\n{HISTORY}", "Ja."),
    "polish": (f"Tak.\n\nDnia 23 lis 2026 o godz. 10:00 Ada <ada@example.org> napisał(a):\n\n{HISTORY}", "Tak."),
    "russian": (f"Да.\n\nпн, 23 нояб. 2026 г. в 10:00, Ada <ada@example.org>:\n\n{HISTORY}", "Да."),
    "chinese": ("好。\n\n在 2026年11月23日，Ada <ada@example.org> 写道：\n\n> 周五？", "好。"),
    "date and address": (f"Yes.\n\n2026-11-23 10:00 GMT+01:00 Ada <ada@example.org>:\n\n{HISTORY}", "Yes."),
    "outlook": ("Yes.\n\n-----Original Message-----\nFrom: Ada\nSent: Monday\nTo: Bob\nSubject: Friday\n\nCan you?", "Yes."),
    "outlook 365": ("Yes.\n\n________________________________\nFrom: Ada <ada@example.org>\nSent: Monday, 23 November 2026 10:00\nTo: Bob\nSubject: Friday\n\nCan you?", "Yes."),
    "outlook bold": ("Yes.\n\n*From:* Ada <ada@example.org>\n*Sent:* Monday\n*To:* Bob\n*Subject:* Friday\n\nCan you?", "Yes."),
    "outlook german": ("Ja.\n\nVon: Ada <ada@example.org>\nGesendet: Montag, 23. November 2026 10:00\nAn: Bob\nBetreff: Freitag\n\nKommst du?", "Ja."),
    "outlook german separator": ("Ja.\n\n-----Ursprüngliche Nachricht-----\nVon: Ada\nGesendet: Montag\nAn: Bob\nBetreff: Freitag\n\nKommst du?", "Ja."),
    "outlook french": ("Oui.\n\nDe : Ada <ada@example.org>\nEnvoyé : lundi 23 novembre 2026 10:00\nÀ : Bob\nObjet : Vendredi\n\nTu viens ?", "Oui."),
    "outlook spanish": ("Sí.\n\nDe: Ada <ada@example.org>\nEnviado: lunes\nPara: Bob\nAsunto: Viernes\n\n¿Vienes?", "Sí."),
    "outlook italian": ("Sì.\n\nDa: Ada <ada@example.org>\nInviato: lunedì\nA: Bob\nOggetto: Venerdì\n\nVieni?", "Sì."),
    "outlook dutch": ("Ja.\n\nVan: Ada <ada@example.org>\nVerzonden: maandag\nAan: Bob\nOnderwerp: Vrijdag\n\nKom je?", "Ja."),
    "answers below an original": ("-----Original Message-----\nFrom: Ada <ada@example.org>\nTo: Bob\nSubject: Friday\n\n> Friday?\n\nYes.\n\n> Ten?\n\nNo.", "Yes.\n\nNo."),
    "forward with a word": ("FYI\n\n---------- Forwarded message ---------\nFrom: Ada <ada@example.org>\nDate: Mon\nSubject: Friday\n\nHello", "FYI"),
    "bare forward": ("---------- Forwarded message ---------\nFrom: Ada <ada@example.org>\nSubject: Friday\nTo: Bob\n\nHello", ""),
    "apple forward": ("See below.\n\nBegin forwarded message:\n\nFrom: Ada <ada@example.org>\nSubject: Friday\nDate: Monday\n\nHello", "See below."),
    "signature": ("Yes.\n\n-- \nBob Babbage\nEngines Ltd", "Yes."),
    "signature without its blank": ("Yes.\n\n--\nBob Babbage\nEngines Ltd", "Yes."),
    "signature above the history": (f"Yes.\n\n-- \nBob\nEngines Ltd\n\nOn Mon, 23 Nov 2026, Ada wrote:\n{HISTORY}", "Yes."),
    "signature and list footer": ("Yes.\n\n-- \nBob\n\n_______________________________________________\nUsers mailing list\nUsers@example.org\nhttps://example.org/mailman/listinfo/users", "Yes."),
    "list footer": ("Yes.\n\nBob\n_______________________________________________\nUsers mailing list\nhttps://example.org/mailman/listinfo/users", "Yes.\n\nBob"),
    "iphone": ("Yes.\n\nSent from my iPhone", "Yes."),
    "iphone above the history": (f"Yes.\n\nSent from my iPhone\n\n> On 23 Nov 2026, at 10:00, Ada <ada@example.org> wrote:\n> \n{HISTORY}", "Yes."),
    "iphone german": ("Ja.\n\nVon meinem iPhone gesendet", "Ja."),
    "iphone french": ("Oui.\n\nEnvoyé de mon iPhone", "Oui."),
    "iphone spanish": ("Sí.\n\nEnviado desde mi iPhone", "Sí."),
    "iphone italian": ("Sì.\n\nInviato da iPhone", "Sì."),
    "iphone dutch": ("Ja.\n\nVerstuurd vanaf mijn iPhone", "Ja."),
    "samsung": ("Yes.\n\nSent from my Samsung Galaxy smartphone.", "Yes."),
    "outlook for ios": ("Yes.\n\nGet Outlook for iOS<https://aka.ms/o0ukef>", "Yes."),
    "card under the sign-off": ("Yes, ten is fine.\n\nKind regards,\nBob Babbage\nHead of Engines\nEngines Ltd\n+44 20 7946 0000", "Yes, ten is fine.\n\nKind regards,\nBob Babbage"),
    "card a line below": ("Ja, gern.\n\nMit freundlichen Grüßen\n\nBob Babbage\nVertrieb\n\nMotoren GmbH\nTel.: +49 30 1234567", "Ja, gern.\n\nMit freundlichen Grüßen\n\nBob Babbage"),
    "only a name": ("Yes.\n\nThanks,\nBob", "Yes.\n\nThanks,\nBob"),
    "thanks in the middle": ("Thanks,\n\nI got it. When do you want the second one?\n\nBob", "Thanks,\n\nI got it. When do you want the second one?\n\nBob"),
    "postscript": ("Yes.\n\nBest,\nBob\n\nPS: bring the plans.", "Yes.\n\nBest,\nBob\n\nPS: bring the plans."),
    "card without sign-off": ("Yes, at ten.\n\nBob Babbage\nEngines Ltd\nTel: +44 20 7946 0000\nbob@example.org", "Yes, at ten."),
    "an address that is the message": ("Please call him:\n\nBob Babbage\nTel: +44 20 7946 0000\nbob@example.org", "Please call him:\n\nBob Babbage\nTel: +44 20 7946 0000\nbob@example.org"),
    "disclaimer": ("Yes.\n\nThis email and any attachments are confidential and intended solely for the addressee.", "Yes."),
    "disclaimer of two paragraphs": ("Yes.\n\nThis message is confidential. If you are not the intended recipient, delete it.\n\nEngines Ltd, registered in England no. 1234567.", "Yes."),
    "disclaimer german": ("Ja.\n\nDiese E-Mail enthält vertrauliche Informationen. Wenn Sie nicht der richtige Adressat sind, löschen Sie sie.", "Ja."),
    "virus scanner": ("Yes.\n\n----\nVirus-free. www.avast.com", "Yes."),
    "warning on top stays": ("CAUTION: this mail came from outside.\n\nCan you pay by Friday?\n\nBob", "CAUTION: this mail came from outside.\n\nCan you pay by Friday?\n\nBob"),
    "rule inside": ("Part one.\n\n______________________________\n\nPart two.\n\nBob", "Part one.\n\n______________________________\n\nPart two.\n\nBob"),
    "bullets": ("Three things:\n- one\n- two\n- three", "Three things:\n- one\n- two\n- three"),
    "someone wrote in prose": ("On Monday Ada wrote to me.\nShe asks for the plans.", "On Monday Ada wrote to me.\nShe asks for the plans."),
    "colon in prose": ("Here is what I need:\nthe plans\nthe price", "Here is what I need:\nthe plans\nthe price"),
    "fields in prose": ("From: Paris\nTo: London\nDate: Friday", "From: Paris\nTo: London\nDate: Friday"),
    "mbox escape is no quotation": (">From the start it was clear.\nYes.", ">From the start it was clear.\nYes."),
    "arrows are no quotation": ("a -> b\nx <- y", "a -> b\nx <- y"),
    "windows line ends": ("Yes.\r\n\r\n> Friday?\r\n", "Yes."),
    "yahoo": ("Yes.\n\n--------------------------------------------\nOn Mon, 11/23/26, Ada <ada@example.org> wrote:\n\n Subject: Friday\n Can you?", "Yes."),
    "sponsor": ("Yes.\n\nBob\n\n-------------------------------------------------------\nThis sf.net email is sponsored by: Jabber\nhttp://example.org\n", "Yes.\n\nBob"),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_own_text_is_what_the_author_wrote(name: str) -> None:
    mail, own = CASES[name]

    assert split(mail).own == own


def test_all_lines_end_up_in_one_of_the_three_parts() -> None:
    for mail, _ in CASES.values():
        parts = split(mail)
        kept = sorted(line.strip() for part in (parts.own, parts.quoted, parts.signature) for line in part.split("\n"))
        assert [k for k in kept if k] == sorted(line.strip() for line in mail.split("\n") if line.strip())


def test_the_parts_of_one_mail() -> None:
    parts = split(f"Yes.\n\nSent from my iPhone\n\nOn Mon, 23 Nov 2026, Ada wrote:\n{HISTORY}")

    assert parts.signature == "Sent from my iPhone"
    assert parts.quoted == f"On Mon, 23 Nov 2026, Ada wrote:\n{HISTORY}"


@pytest.mark.parametrize(
    "text",
    [
        ">" * 200_000,
        "On " * 100_000,
        "a" * 1_000_000,
        "\n" * 300_000,
        "From: \n" * 50_000,
        "-- \n" * 50_000,
        "wrote:\n" * 30_000,
    ],
)
@pytest.mark.timeout(3)
def test_hostile_text_is_split_in_time(text: str) -> None:
    split(text)
