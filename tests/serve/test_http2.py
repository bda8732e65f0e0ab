"""HTTP/2 without TLS, as a proxy speaks it: what one visitor does on a stream ends no other visitor's."""

from __future__ import annotations

import asyncio
from typing import Any

import h2.config
import h2.connection
import h2.events
import h2.settings

from tests.serve.conftest import Served, Start
from tests.support.waiting import eventually


class Client:
    """One HTTP/2 connection. `window` is how many bytes of each answer it takes unasked."""

    def __init__(self, window: int | None = None) -> None:
        configuration = h2.config.H2Configuration(validate_outbound_headers=False)
        self.http = h2.connection.H2Connection(configuration)
        if window is not None:
            settings = {h2.settings.SettingCodes.INITIAL_WINDOW_SIZE: window}
            self.http.local_settings = h2.settings.Settings(client=True, initial_values=settings)
        self.takes = window is None
        self.status: dict[int, str] = {}
        self.ended: dict[int, str] = {}
        self.goodbye: Any = None
        self.pinged = False
        self.names: set[str] = set()
        self.closed = False

    async def connect(self, served: Served) -> Client:
        self._reader, self._writer = await served.open()
        self.http.initiate_connection()
        self.send()
        self._reading = asyncio.create_task(self._read())
        return self

    def send(self) -> None:
        self._writer.write(self.http.data_to_send())

    def ask(self, path: str, method: str = "GET", *more: tuple[str, str], end: bool = True) -> int:
        stream = self.http.get_next_available_stream_id()
        pseudo = [(":method", method), (":path", path), (":scheme", "http"), (":authority", "test")]
        self.http.send_headers(stream, [*pseudo, *more], end_stream=end)
        self.send()
        return stream

    async def answer(self, stream: int) -> str:
        await eventually(lambda: stream in self.ended or self.closed, pause=0.002)
        return (
            self.status.get(stream, "none")
            if self.ended.get(stream) == "whole"
            else self.ended.get(stream, "lost")
        )

    async def _read(self) -> None:
        while data := await self._reader.read(65_536):
            for event in self.http.receive_data(data):
                self._take(event)
            self.send()
        self.closed = True

    def _take(self, event: Any) -> None:
        if isinstance(event, h2.events.ResponseReceived):
            self.names |= {_text(name) for name, _ in event.headers}
            self.status[event.stream_id] = next(
                _text(value) for name, value in event.headers if _text(name) == ":status"
            )
        elif isinstance(event, h2.events.DataReceived) and self.takes:
            self.http.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        elif isinstance(event, h2.events.StreamEnded):
            self.ended.setdefault(event.stream_id, "whole")
        elif isinstance(event, h2.events.StreamReset):
            self.ended.setdefault(event.stream_id, f"reset {int(event.error_code)}")
        elif isinstance(event, h2.events.PingAckReceived):
            self.pinged = True
        elif isinstance(event, h2.events.ConnectionTerminated):
            self.goodbye = event

    async def leave(self) -> None:
        self._writer.close()
        await asyncio.wait([self._reading], timeout=60)


def _text(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else value


async def send_body(client: Client, stream: int, pieces: int) -> None:
    """Send a body without end, as far as the server takes it."""
    for _ in range(pieces):
        await eventually(
            lambda: stream in client.ended or client.http.local_flow_control_window(stream) > 16_000
        )
        if client.ended.get(stream, "whole") != "whole":
            return
        client.http.send_data(stream, b"x" * 16_000)
        client.send()


async def test_a_body_that_comes_after_its_answer_ends_no_other_request(start_server: Start) -> None:
    client = await Client().connect(await start_server())
    for path, method in (("/api/sports", "GET"), ("/nothing", "POST"), ("/api/parlays/price", "POST")):
        stream = client.ask(path, method, ("content-type", "application/json"), end=False)
        if path != "/api/parlays/price":
            await client.answer(stream)
        await send_body(client, stream, 2 if path != "/api/parlays/price" else 6)
        assert await client.answer(client.ask("/api/sports")) == "200", (path, client.closed)
    await client.leave()


async def test_more_requests_than_a_thousand_and_a_megabyte_pass_beside_one_that_waits(
    start_server: Start,
) -> None:
    client = await Client().connect(await start_server())
    waits = client.ask("/api/parlays/price", "POST", ("content-type", "application/json"), end=False)
    for number in range(24):
        asked = [client.ask("/api/sports", "GET", ("x-pad", f"{number}-{n}" + "p" * 1000)) for n in range(50)]
        assert [await client.answer(stream) for stream in asked] == ["200"] * 50, number
    assert waits not in client.ended or client.ended[waits] == "whole"
    await client.leave()


async def test_a_client_that_takes_nothing_of_one_answer_loses_that_one_alone(start_server: Start) -> None:
    served = await start_server(write_seconds=0.5)
    client = await Client(window=0).connect(served)
    stalled = [client.ask("/api/sports") for _ in range(3)]
    taken = client.ask("/api/games?sport=nfl")
    client.http.increment_flow_control_window(60_000, taken)
    client.send()
    assert await client.answer(taken) == "200"
    assert {await client.answer(stream) for stream in stalled} == {"reset 8"}
    (connection,) = served.connections._open
    await eventually(lambda: connection.phase == "idle")
    healthy = client.ask("/healthz")
    client.http.increment_flow_control_window(60_000, healthy)
    client.send()
    assert await client.answer(healthy) == "200"
    await client.leave()


async def test_a_client_that_leaves_with_answers_that_it_did_not_take_leaves_nothing(
    start_server: Start,
) -> None:
    served = await start_server()
    client = await Client(window=0).connect(served)
    asked = [client.ask("/api/games?sport=nfl") for _ in range(20)]
    await eventually(lambda: all(stream in client.status for stream in asked))
    await client.leave()
    await eventually(lambda: len(served.connections) == 0, timeout=5)


async def test_a_connection_whose_last_request_was_taken_back_is_idle_and_ends_in_good_order(
    start_server: Start,
) -> None:
    served = await start_server(idle_seconds=50)
    client = await Client().connect(served)
    stream = client.ask("/api/parlays/price", "POST", ("content-type", "application/json"), end=False)
    await eventually(lambda: any(one.phase == "busy" for one in served.connections._open))
    (connection,) = served.connections._open
    client.http.reset_stream(stream)
    client.send()
    await eventually(lambda: connection.phase == "idle")
    since = connection.since
    assert await client.answer(client.ask("/nothing", "HEAD")) == "404"
    await eventually(lambda: connection.phase == "idle" and connection.since > since)
    served.connections.look(connection.since + 49)
    assert not client.closed
    served.connections.look(connection.since + 51)
    await eventually(lambda: client.closed)
    assert client.goodbye is not None
    assert client.goodbye.last_stream_id == 3
    await client.leave()


async def test_frames_that_ask_for_nothing_leave_a_connection_idle_since_its_last_answer(
    start_server: Start,
) -> None:
    served = await start_server()
    client = await Client().connect(served)
    assert await client.answer(client.ask("/api/sports")) == "200"
    (connection,) = served.connections._open
    await eventually(lambda: connection.phase == "idle")
    since = connection.since
    client.http.ping(b"12345678")
    client.http.increment_flow_control_window(10)
    client.send()
    await eventually(lambda: client.pinged)
    await eventually(lambda: connection.phase == "idle")
    assert connection.since == since
    await client.leave()


async def test_while_the_process_leaves_a_new_request_is_told_to_go_elsewhere(start_server: Start) -> None:
    served = await start_server()
    client = await Client().connect(served)
    under_way = client.ask("/api/parlays/price", "POST", ("content-type", "application/json"), end=False)
    served.web.asgi.closing = True
    assert await client.answer(client.ask("/api/sports")) == "200"
    assert "connection" not in client.names, (
        "HTTP/2 has no such header, and clients refuse an answer with one"
    )
    (connection,) = served.connections._open
    served.connections.stop()
    served.stop.set()
    await eventually(connection.context.terminated.is_set)
    assert await client.answer(client.ask("/api/sports")) == "reset 7", "refused: safe to send again"
    client.http.end_stream(under_way)
    client.send()
    assert await client.answer(under_way) in ("400", "422")
    await eventually(lambda: client.closed)
    await client.leave()


async def test_a_thousand_requests_taken_back_at_once_end_their_own_connection_without_a_trace(
    start_server: Start,
) -> None:
    served = await start_server()
    unhandled: list[Any] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: unhandled.append(context))
    client = await Client().connect(served)
    await eventually(lambda: len(served.connections) == 1)
    for _ in range(1_500):
        stream = client.http.get_next_available_stream_id()
        pseudo = [(":method", "GET"), (":path", "/healthz"), (":scheme", "http"), (":authority", "test")]
        client.http.send_headers(stream, pseudo, end_stream=True)
        client.http.reset_stream(stream)
    client.send()
    await eventually(lambda: client.closed or len(client.http.streams) == 0)
    other = await Client().connect(served)
    assert await other.answer(other.ask("/healthz")) == "200"
    for one in (client, other):
        await one.leave()
    await eventually(lambda: len(served.connections) == 0)
    assert unhandled == []
