"""Where a worker is killed: behind everything that may have changed what lies on the far side."""

from tests.servers.nightshift import calls_of, changing, sends_of

BEGINS, STARTS = r"\0\0\0\225\0\3\0\0user\0nightdesk_app\0datab", r"Q\0\0\0\nbegin\0"
SENT = [
    (4, BEGINS), (4, r"Q\0\0\0\5\0"), (4, STARTS), (4, r"P\0\0\1\324\0-- Enqueued unless one of "), (10, "POST /api/chat.postMessage HTT"),
    (10, "text=the ROLLBACK of prices"), (4, r"B\0\0\0i\0_pg3_0\0\0"), (4, r"Q\0\0\0\vCOMMIT\0"), (4, r"P\0\0\1\324\0-- Enqueued"),
    (4, STARTS), (4, r"Q\0\0\0\rROLLBACK\0"), (4, r"X\0\0\0\4"), (12, r"GOHN0 CAPABILITY\r\n"),
]  # fmt: skip
LOG = "\n".join(
    [
        '77  sendto(3, "a thread of its own"..., 19, MSG_NOSIGNAL, NULL, 0) = 19',
        *(f'42  sendto({place}, "{said}"..., 300, MSG_NOSIGNAL, NULL, 0) = 300' for place, said in SENT),
        '42  recvfrom(4,  <unfinished ...>',
        '42  <... recvfrom resumed>"Z", 16384, 0, NULL, NULL) = 1',
    ]
)  # fmt: skip


def test_the_busiest_threads_calls_are_counted_once_each() -> None:
    assert len(calls_of(LOG)) == len(SENT) + 1
    assert len(sends_of(calls_of(LOG))) == len(SENT)


def test_all_that_leaves_the_machine_and_every_end_of_a_transaction_may_change_the_far_side() -> None:
    found = [SENT[number - 1] for number in changing(sends_of(calls_of(LOG)))]
    assert found == [SENT[n] for n in (4, 5, 7, 8, 10, 12)]
