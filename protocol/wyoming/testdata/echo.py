"""Reads events, understands each with the reference classes, and writes it again."""
import sys

from wyoming.asr import Transcribe, Transcript
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.error import Error
from wyoming.event import read_event, write_event
from wyoming.info import Describe, Info
from wyoming.ping import Ping, Pong
from wyoming.tts import Synthesize

KNOWN = [Transcribe, Transcript, AudioChunk, AudioStart, AudioStop, Error, Describe, Info, Ping, Pong, Synthesize]

while True:
    event = read_event()
    if event is None:
        break
    (cls,) = [c for c in KNOWN if c.is_type(event.type)]
    write_event(cls.from_event(event).event())
    print(event.type, file=sys.stderr)
