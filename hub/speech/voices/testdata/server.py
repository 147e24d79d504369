"""A Wyoming server with two voices, which say a tone of 0.1 s for each letter."""
import asyncio
import math
import struct
import sys

from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.error import Error
from wyoming.event import async_read_event, async_write_event
from wyoming.info import Attribution, Describe, Info, TtsProgram, TtsVoice
from wyoming.tts import Synthesize

MAKER = Attribution(name="tests", url="")
RATE = 22050
TONES = {"low": 200, "high": 800}


def info():
    voices = [
        TtsVoice(name=name, attribution=MAKER, installed=name != "elsewhere", description=None, version=None, languages=["en"])
        for name in ("low", "high", "elsewhere", "../low")
    ]
    return Info(tts=[TtsProgram(name="tones", attribution=MAKER, installed=True, description=None, version=None, voices=voices)])


async def handle(reader, writer):
    while (event := await async_read_event(reader)) is not None:
        if Describe.is_type(event.type):
            await async_write_event(info().event(), writer)
        elif Synthesize.is_type(event.type):
            asked = Synthesize.from_event(event)
            tone = TONES.get(asked.voice.name)
            if tone is None:
                await async_write_event(Error(text="no such voice").event(), writer)
                continue
            await async_write_event(AudioStart(rate=RATE, width=2, channels=1).event(), writer)
            n = RATE // 10
            for i in range(len(asked.text)):
                samples = [int(8000 * math.sin(2 * math.pi * tone * (i * n + k) / RATE)) for k in range(n)]
                await async_write_event(AudioChunk(rate=RATE, width=2, channels=1, audio=struct.pack(f"<{n}h", *samples)).event(), writer)
            await async_write_event(AudioStop().event(), writer)
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
