"""A Wyoming server that hears how long an utterance is, and in which language, and closes the connection."""
import asyncio
import sys

from wyoming.asr import Transcribe, Transcript
from wyoming.audio import AudioChunk, AudioStop
from wyoming.event import async_read_event, async_write_event
from wyoming.info import Describe, Info


async def handle(reader, writer):
    samples, language = 0, None
    while (event := await async_read_event(reader)) is not None:
        if Describe.is_type(event.type):
            await async_write_event(Info().event(), writer)
        elif Transcribe.is_type(event.type):
            language = Transcribe.from_event(event).language
        elif AudioChunk.is_type(event.type):
            samples += AudioChunk.from_event(event).samples
        elif AudioStop.is_type(event.type):
            await async_write_event(Transcript(text=f" {samples} samples of {language}").event(), writer)
            break
    writer.close()


async def main():
    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    asyncio.get_running_loop().run_in_executor(None, lambda: (sys.stdin.read(), server.close()))
    try:
        await server.serve_forever()
    except asyncio.CancelledError:
        pass


asyncio.run(main())
