"""What single sentences do: requests, questions, decisions, promises, reports, jokes."""

import pytest

from graphs.rules.speech import read, says_nothing

ACTIONS = [
    "Could you send me the Q3 numbers by Friday?",
    "can you take a look at PR 4211",
    "Can you please forward the signed contract to Legal?",
    "Would you mind checking the invoice totals?",
    "Please review the attached draft.",
    "Pls upload the files to the shared drive",
    "Hi Ada, could you double-check the margin on slide 12?",
    "Any chance you could cover my shift on Monday?",
    "I need you to update the forecast before the board meets.",
    "I still need the VAT number from you.",
    "We need your feedback on the proposal.",
    "Let me know which hotel works.",
    "Don't forget to submit your timesheet.",
    "Make sure the backup job is disabled before the migration.",
    "It would be great if you could join the client call and take notes.",
    "I was wondering if you could introduce me to the procurement lead.",
    "Send me the tracking number when it ships",
    "Ada - fix the header on the landing page, it's broken on mobile",
    "Update the ticket with the customer's answer.",
    "Can someone restart the staging server?",
    "just following up on the purchase order",
    "any update on the refund for order 8812?",
    "Did you get a chance to read the spec?",
    "I'd appreciate it if you could sort out access for Tom.",
    "You still owe me the slides from Tuesday",
    "Kindly confirm receipt of this letter.",
    "@Ada mind sharing the recording?",
    "also please add Priya to the distribution list",
    "so if you could send those over today that'd be great",
    "gentle nudge on the security questionnaire",
    "Reply to this thread with your T-shirt size by Thursday.",
    "can u resend the link pls",
    "You need to sign page 3 before Thursday.",
    "Could I ask you to move the meeting to Thursday?",
    "Kannst du mir bitte bis Freitag den Bericht schicken?",
    "Könntest du kurz drüberschauen?",
    "Könnten Sie uns bitte ein Angebot für 40 Stück zusenden?",
    "Schick mir bitte die Zahlen vom letzten Quartal.",
    "Ich brauche noch deine Reisekostenabrechnung.",
    "Bitte bis Mittwoch freischalten.",
    "Gib mir Bescheid, sobald die Ware da ist.",
    "Wäre super, wenn du das heute noch prüfen könntest.",
    "Hast du schon Zeit gehabt, reinzuschauen? Bitte melde dich.",
    "Würden Sie mir das Protokoll weiterleiten?",
    "Wir warten noch auf deine Rückmeldung zum Vertrag.",
    "Vergiss bitte nicht, die Rechnung zu begleichen.",
    "Gibt es schon was Neues zur Lieferung?",
    "Pourriez-vous m'envoyer le devis avant jeudi ?",
    "Peux-tu relire la note, s'il te plaît ?",
    "Merci de confirmer votre présence.",
    "¿Puedes mandarme el informe antes del viernes?",
    "Por favor, revisa el contrato.",
]

QUESTIONS = [
    "When does the new pricing go live?",
    "what's the wifi password for the Lisbon office?",
    "Do you know who owns the billing service?",
    "Is the supplier visit still on for next week?",
    "Are you coming to the offsite?",
    "how many seats did Kestrel ask for?",
    "Which port does the proxy listen on",
    "do we have a spare laptop for the intern",
    "anyone know why the build is red?",
    "Wann kommt die Lieferung an?",
    "Weißt du, wer den Schlüssel hat?",
    "weiß jemand wo der Beamer ist",
    "Wie viele Teilnehmer sind es am Ende?",
    "Was meinst du?",
    "What do you think?",
    "Quand est-ce que la livraison arrive ?",
    "¿Cuándo llega el pedido?",
    "Did the customer accept the change order?",
]

DECISIONS = [
    "Shall we go with the blue or the green packaging?",
    "Can I merge this?",
    "Are you ok with moving the launch to May?",
    "I need your sign-off on the budget",
    "Please approve the purchase order.",
    "Do you want me to book the cheaper flight?",
    "Which option do you prefer?",
    "Option A or B?",
    "Is it ok if I invite the vendor?",
    "Should I cancel the order?",
    "We need your decision on the vendor by Friday",
    "Soll ich das Angebot so rausschicken?",
    "Sollen wir Variante A oder B nehmen?",
    "Kannst du das bitte freigeben?",
    "Bist du mit dem Preis einverstanden?",
    "Can we go ahead with the print run?",
]

PROMISES = [
    "I'll send you the deck tonight",
    "I will review it tomorrow morning.",
    "will do",
    "on it",
    "Sure, I'll take care of it",
    "let me check with finance and get back to you",
    "I'm going to call the landlord this afternoon.",
    "You'll have it by Thursday.",
    "leave it with me",
    "will look tomorrow",
    "Thanks, I'll forward this to the lawyers today.",
    "I can send it over by 3pm today",
    "ok, I'll fix the typo and push",
    "We'll ship the replacement on Monday.",
    "looking into it now",
    "I promised Wade the plan, I'll get it to him tonight",
    "Ich schicke dir die Zahlen bis morgen.",
    "mach ich",
    "Ich kümmere mich darum.",
    "Wird erledigt",
    "Ich melde mich am Montag dazu.",
    "Klar, schick ich dir heute Abend",
    "bin dran",
    "Das Protokoll bekommst du bis Freitag.",
    "Sie erhalten das Angebot morgen, ich sende es Ihnen zu.",
    "Je vous envoie le devis demain.",
    "Je m'en occupe",
    "Te lo envío mañana",
    "me encargo",
    "I'll get back to you on that",
]

REPORTS = [
    "Done!",
    "sent it just now",
    "I've sent you the file.",
    "Here's the link: https://example.com/x",
    "Attached is the signed version.",
    "merged and deployed",
    "fixed in 4f2a",
    "✅",
    ":white_check_mark:",
    "I just pushed the change",
    "All done, it's live",
    "Approved.",
    "LGTM",
    "just booked the flights",
    "Erledigt.",
    "Ist raus.",
    "Hab ich dir gerade geschickt",
    "Anbei die Rechnung.",
    "Ich habe den Vertrag heute unterschrieben.",
    "C'est fait.",
    "Ci-joint le devis.",
    "Ya está enviado",
]

WITHDRAWALS = [
    "never mind, found it",
    "nvm",
    "Ignore that, wrong channel",
    "actually no longer needed",
    "scratch that",
    "sorted, thanks",
    "hat sich erledigt",
    "Hat sich schon geklärt, danke!",
    "vergiss es",
    "we don't need it anymore",
    "figured it out",
]

NOTHING = [
    "How are you?",
    "Good morning everyone!",
    "Thanks a lot!",
    "thanks for the update",
    "lol can you imagine",
    "could you believe that game last night?",
    "FYI the office is closed on Monday",
    "Have a great weekend!",
    "who doesn't love Mondays?",
    "Can you send me a million dollars? 😂",
    "lunch?",
    "wanna grab a coffee?",
    "How was your weekend?",
    "really?",
    "what could possibly go wrong?",
    "today: finish the migration, review PRs",
    "Please find the slides below",
    "Feel free to ping me if you have questions.",
    "The deploy went out at 5.",
    "Review went well, customer is happy.",
    "Please note that the building closes at 8.",
    "Let's see how it goes",
    "I'll be out on Thursday",
    "I'll be there in 5",
    "I can see why",
    "we decided to keep the name",
    "She asked me to sign it yesterday",
    "Danke dir!",
    "Guten Morgen zusammen",
    "Wie geht's?",
    "Schönes Wochenende euch allen",
    "bitte schön",
    "Call me crazy but I like the old logo",
    "Update: the server is back",
    "Test passed",
    "Order 331 has shipped from Rotterdam",
    "no worries, take your time",
    "Isn't that great?",
    "I'll never understand this codebase",
    "If you find time, I'll be in the kitchen :)",
    "would have been nice",
    "He can send it himself",
    "Great work on the launch!",
    "Looks good",
    "Mittagessen?",
]


@pytest.mark.parametrize("sentence", ACTIONS)
def test_a_request_is_seen(sentence: str) -> None:
    assert read(sentence).ask in {"action", "decision"}


@pytest.mark.parametrize("sentence", QUESTIONS)
def test_a_question_is_seen(sentence: str) -> None:
    assert read(sentence).ask in {"question", "decision"}


@pytest.mark.parametrize("sentence", DECISIONS)
def test_a_decision_asked_for_is_seen(sentence: str) -> None:
    assert read(sentence).ask == "decision"


@pytest.mark.parametrize("sentence", PROMISES)
def test_a_promise_is_seen(sentence: str) -> None:
    assert read(sentence).promise


@pytest.mark.parametrize("sentence", REPORTS)
def test_a_report_is_seen(sentence: str) -> None:
    assert read(sentence).done


@pytest.mark.parametrize("sentence", WITHDRAWALS)
def test_a_withdrawal_is_seen(sentence: str) -> None:
    assert read(sentence).withdraws


@pytest.mark.parametrize("sentence", NOTHING)
def test_chatter_asks_and_promises_nothing(sentence: str) -> None:
    found = read(sentence)
    assert (found.ask, found.promise) == ("", False)


@pytest.mark.parametrize(
    "sentence",
    [
        "I'm blocked on the API keys",
        "can't merge until you approve",
        "We are stuck without the drawings",
        "I can't start packing before you release the list",
        "Ich komme ohne deine Freigabe nicht weiter",
        "Ich kann nicht anfangen, bevor die Liste freigegeben ist",
        "this is holding us up",
        "waiting on you for the logo",
        "Je suis bloqué sans le mot de passe",
    ],
)
def test_somebody_stuck_is_seen(sentence: str) -> None:
    assert read(sentence).blocked


@pytest.mark.parametrize(
    "sentence",
    ["not done yet", "it will be done tomorrow", "once it's merged I can test", "Noch nicht fertig", "is it done?"],
)
def test_what_is_not_finished_is_no_report(sentence: str) -> None:
    assert not read(sentence).done


@pytest.mark.parametrize(
    "sentence", ["ok", "sure, thanks!", "got it", "alles klar", "👍", "sounds good", "d'accord, merci"]
)
def test_a_nod_only_acknowledges(sentence: str) -> None:
    assert read(sentence).acknowledges


@pytest.mark.parametrize(
    "sentence", ["not yet", "haven't gotten to it yet", "in meetings all day", "noch nicht", "give me an hour"]
)
def test_putting_off_is_no_answer(sentence: str) -> None:
    assert read(sentence).delays


@pytest.mark.parametrize("sentence", ["any update?", "Let me know.", "thoughts?", "Was meinst du?", "gentle ping"])
def test_a_bare_reminder_is_about_something_else(sentence: str) -> None:
    assert read(sentence).generic


@pytest.mark.parametrize(
    "hint", ["try this link https://notes.example/x", "Try this one instead.", "See the attached:"]
)
def test_help_in_the_form_of_an_imperative_asks_nothing(hint: str) -> None:
    assert read(hint).ask == ""
    assert read("check this before Friday please").ask == "action"


def test_a_promise_that_hangs_on_its_own_success_binds_nobody() -> None:
    assert not read("I'll post if I get something up.").promise
    assert read("I'll post it when the build is green.").promise


@pytest.mark.parametrize(
    "text",
    ["Thanks, noted.", "thx!", "Happy birthday!", "hi all", "Danke dir", "Moin", "Guten Morgen, hallo", "haha"],
)
def test_thanks_greetings_and_laughter_say_nothing(text: str) -> None:
    assert says_nothing(text)


@pytest.mark.parametrize(
    "text",
    [
        "Will do.",
        "Great, thank you.",
        "+1",
        "Yes",
        "👍",
        "Good",
        "Thanks, Friday works",
        "Danke, passt",
        "hi, 400 units",
        "",
    ],
)
def test_a_nod_may_accept_what_was_offered_and_says_something(text: str) -> None:
    assert not says_nothing(text)
