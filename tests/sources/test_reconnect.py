"""What readers do while a server is away, without one: pauses, the deadline, what passes and what does not."""

from __future__ import annotations

import pytest

from loganalytics import schema
from loganalytics.sources.polling import PollingReader
from loganalytics.sources.reconnect import Backoff, Outages, retry

BACKOFF = Backoff(first=0.001, longest=0.002)


class Server:
    """One that fails so many times before it answers."""

    def __init__(self, failures: int, error: type[Exception] = ConnectionError) -> None:
        self.failures, self.error = failures, error
        self.requests = 0

    def answer(self) -> str:
        """Answer, or fail."""
        self.requests += 1
        if self.requests <= self.failures:
            raise self.error(f"failure {self.requests}")
        return "answer"


def ask(server: Server, **options):
    """Ask with retries; return the answer and the failures that were met."""
    errors: list[str] = []
    answer = retry(
        server.answer, is_transient=lambda error: isinstance(error, ConnectionError), backoff=BACKOFF,
        on_failure=lambda error: errors.append(str(error)), **({"seconds": 5.0} | options),
    )  # fmt: skip
    return answer, errors


def test_pauses_double_up_to_the_longest():
    """Each is twice the one before; however many failures there are."""
    backoff = Backoff(first=0.1, longest=2.0)
    assert [backoff.pause(failures) for failures in (1, 2, 5, 6, 10_000)] == [0.1, 0.2, 1.6, 2.0, 2.0]


def test_an_attempt_is_made_again_until_the_server_answers():
    """Each failure is reported to the caller, who lets go of what is broken."""
    assert ask(Server(3)) == ("answer", ["failure 1", "failure 2", "failure 3"])


def test_an_error_that_does_not_pass_is_raised_at_once():
    """Without a second attempt."""
    server = Server(1, ValueError)
    with pytest.raises(ValueError, match="failure 1"):
        ask(server)
    assert server.requests == 1


def test_the_deadline_ends_the_attempts():
    """With the last error; no pause begins that would end behind the deadline."""
    server = Server(1_000)
    with pytest.raises(ConnectionError):
        ask(server, seconds=0.05)
    assert 2 < server.requests < 60
    server, pauses = Server(1_000), []
    with pytest.raises(ConnectionError, match="failure 1"):
        ask(server, seconds=0.0, wait=pauses.append)
    assert pauses == []


def test_closing_ends_the_attempts():
    """A wait that returns True, as Event.wait() does once the event is set."""
    server = Server(5)
    with pytest.raises(ConnectionError, match="failure 1"):
        ask(server, wait=lambda _: True)
    assert server.requests == 1


def test_an_outage_counts_once():
    """However many attempts fail; the next one counts again, and its pauses begin anew."""
    outages = Outages(BACKOFF)
    assert outages.state == "reading"
    assert [outages.failed(), outages.failed(), outages.failed()] == [0.001, 0.002, 0.002]
    assert (outages.state, outages.reconnects) == ("reconnecting", 1)
    outages.answered()
    assert outages.state == "reading"
    assert outages.failed() == 0.001
    assert outages.reconnects == 2


class Reader(PollingReader):
    """A tail reader of a server that fails at first."""

    backoff, pause = BACKOFF, 0.001

    def __init__(self, server: Server) -> None:
        super().__init__()
        self.server = server
        self.calls: list[str] = []

    def _is_transient(self, error):
        return isinstance(error, ConnectionError)

    def _reconnect(self):
        self.calls.append("reconnect")

    def _poll(self, timeout):
        self.calls.append("poll")
        self.server.answer()
        return schema.empty()


def test_a_tail_reader_goes_on_after_an_outage():
    """It reconnects before each further attempt, and its status tells of the outage while it lasts."""
    reader = Reader(Server(2))
    assert reader.read(0.0).is_empty()
    assert reader.status["state"] == "reconnecting"
    assert reader.read(0.2).is_empty()
    assert reader.calls[:5] == ["poll", "reconnect", "poll", "reconnect", "poll"]
    assert set(reader.calls[5:]) == {"poll"}
    assert (reader.status["state"], reader.status["reconnects"]) == ("reading", 1)
    reader.close()
    assert reader.status["state"] == "closed"


def test_a_tail_reader_raises_what_does_not_pass():
    """A refused login is not waited for."""
    with pytest.raises(ValueError, match="failure 1"):
        Reader(Server(1, ValueError)).read(1.0)
