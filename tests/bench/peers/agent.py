"""A plain LangGraph agent: one node that asks a model, over whatever context it is given. Runs in every environment."""

from collections.abc import Callable
from typing import TypedDict

from langchain_core.messages import HumanMessage, SystemMessage
from langchain_openai import ChatOpenAI
from langgraph.graph import END, START, StateGraph

from tests.bench.peers.wire import Answers

FIXED = (
    "You answer questions of a team from what stands below them. One short line and no explanation. Where it is not said, "
    "reply with the single word NOTHING."
)
MEMORIES = 10
"""Memories that a peer lays before the model; langmem's own number."""


class State(TypedDict, total=False):
    question: str
    answer: str


def chat(base_url: str) -> ChatOpenAI:
    return ChatOpenAI(model="stand-in", base_url=base_url, api_key="none", max_retries=0)  # type: ignore[arg-type]


def agent(base_url: str, context: Callable[[str], str]) -> Callable[[str], str]:
    """Answers a question with what `context` finds for it."""
    model = chat(base_url)

    def answer(state: State) -> State:
        told = f"{context(state['question'])}\n\nQuestion: {state['question']}"
        said = model.invoke([SystemMessage(FIXED), HumanMessage(told)])
        return {"answer": str(said.text)}

    graph = StateGraph(State)
    graph.add_node("answer", answer)
    graph.add_edge(START, "answer")
    graph.add_edge("answer", END)
    compiled = graph.compile()
    return lambda question: str(compiled.invoke({"question": question})["answer"])


def asked(root: str, who: str, context: Callable[[str], str]) -> Answers:
    """Answers with what a system finds; and bare, with what it is handed."""
    handed = [""]
    bare = agent(f"{root}/{who}/bare/v1", lambda question: handed[0])

    def ask_bare(question: str, context: str) -> str:
        handed[0] = context
        return bare(question)

    return {"ask": agent(f"{root}/{who}/answer/v1", context), "bare": ask_bare}
