"""Who asks what is on their own list is told from it; whoever asks about anything else is answered like always."""

import pytest

from graphs.rules.followup import wanted
from graphs.rules.own import Own, asks_for

ASKED: dict[Own, tuple[str, ...]] = {
    "unfinished": (
        "What is unfinished for me?",
        "what's still open for me today?",
        "What's on my list?",
        "and what is on my plate this week",
        "Hi! Can you show me my open tasks, please?",
        "What do I still have to do?",
        "Was ist für mich noch offen?",
        "Was liegt heute bei mir an?",
        "Was steht auf meiner Liste?",
        "Was muss ich heute noch erledigen?",
        "Qu’est-ce qu’il me reste à faire ?",
        "Qu'y a-t-il sur ma liste ?",
        "Montre-moi mes tâches en cours, s'il te plaît",
        "¿Qué tengo pendiente?",
        "¿Qué hay en mi lista hoy?",
        "muéstrame mis tareas",
    ),
    "owed": (
        "Who is waiting for an answer from me?",
        "who's waiting on me",
        "What do I owe?",
        "who do I still owe a reply to?",
        "What did I promise?",
        "What have I promised people?",
        "Wem schulde ich noch eine Antwort?",
        "Wer wartet gerade auf mich?",
        "Was habe ich versprochen?",
        "Qui attend une réponse de ma part ?",
        "À qui dois-je encore une réponse ?",
        "Qu'est-ce que j'ai promis ?",
        "¿Quién está esperando una respuesta mía?",
        "¿A quién le debo todavía una respuesta?",
        "¿Qué he prometido?",
    ),
    "waited": (
        "What am I waiting for?",
        "who hasn't answered me yet?",
        "Who owes me an answer?",
        "Worauf warte ich noch?",
        "Wer schuldet mir eine Antwort?",
        "De qui est-ce que j'attends une réponse ?",
        "Qui ne m’a pas encore répondu ?",
        "¿Qué estoy esperando?",
        "¿Quién no me ha contestado todavía?",
    ),
    "drafts": (
        "which drafts are there?",
        "Do I have any drafts?",
        "what have you drafted for me?",
        "Welche Entwürfe gibt es?",
        "Zeig mir meine Entwürfe",
        "Y a-t-il des brouillons pour moi ?",
        "Quels sont mes brouillons ?",
        "¿Hay borradores para mí?",
        "¿Qué borradores tengo?",
    ),
}


@pytest.mark.parametrize(("own", "text"), [(own, text) for own, said in ASKED.items() for text in said])
def test_the_own_list_is_asked_for_in_four_languages(own: Own, text: str) -> None:
    assert asks_for(text, alone=True) == own
    assert (wanted(text, alone=True).wish, wanted(text, alone=True).own) == ("own", own)


@pytest.mark.parametrize(
    "text",
    [
        "What is unfinished in the Sprig project?",
        "What is unfinished for me in the Sprig project?",
        "What is still open?",
        "What do I owe Ben?",
        "what do I have to do?",
        "Who is waiting for an answer from Ben?",
        "Who is waiting for an answer?",
        "What did I promise Kestrel?",
        "What did Ben promise?",
        "What am I waiting for from Kestrel?",
        "which drafts of the label are there?",
        "Is the draft of the contract ready?",
        "what's on the list for the fair?",
        "Was ist beim Messestand noch offen?",
        "Was muss ich machen?",
        "Wem schuldet Ben eine Antwort?",
        "Was habe ich Kestrel versprochen?",
        "Welche Entwürfe gibt es für das Etikett?",
        "Qu'est-ce qui est en suspens pour le salon ?",
        "Qui attend une réponse de Ben ?",
        "Que dois-je faire ?",
        "Quels brouillons Ben a-t-il envoyés ?",
        "¿Qué queda pendiente del proyecto?",
        "¿Quién espera una respuesta de Ben?",
        "¿Qué tengo que hacer?",
        "¿Qué borradores hay del contrato?",
        "remember what is on my list",
        "overnight: what is unfinished for me?",
        "what is unfinished for me? and for Ben?",
        "",
    ],
)
def test_a_question_about_anything_else_is_answered_like_always(text: str) -> None:
    assert asks_for(text, alone=True) is None and wanted(text, alone=True).wish != "own"


def test_among_others_drafts_are_the_askers_own_only_where_they_say_so() -> None:
    assert asks_for("which drafts are there?", alone=False) is None
    assert asks_for("Welche Entwürfe gibt es?", alone=False) is None
    assert asks_for("what have you drafted for me?", alone=False) == "drafts"
    assert asks_for("What is unfinished for me?", alone=False) == "unfinished"
