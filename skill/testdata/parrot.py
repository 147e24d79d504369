"""A skill that does all that the library can, for the tests: HUB TOKEN-FILE [KEEPALIVE]."""

import logging
import os
import signal
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "python"))

import vap_skill  # noqa: E402
from vap_skill import Answer, Skill  # noqa: E402

if len(sys.argv) > 3:
    vap_skill._KEEPALIVE = float(sys.argv[3])
skill = Skill("org.example.parrot", "Parrot", state=sys.argv[2])
skill.language(
    "en-GB",
    intents={"repeat": ["say %d {words}" % i for i in range(1000)], "fail": ["fall over"]},
    slots={"repeat": {"words": {"entity": "words", "required": True, "prompt": "What?", "reprompt": "Say it again?"}}},
    entities={"words": {"values": ["hello", ("goodbye", "bye", "farewell")], "strict": True}},
)


@skill.can_answer
def can(request):
    return 0.75 if request.slots.get("words") == "hello" else 0


@skill.intent("repeat")
def repeat(request):
    words = request.slots.get("words")
    if words is None:
        return Answer("What?", ask=True)
    if words == "colour":
        found = skill.query("vap.SYSTEM", {"name": "preferences", "what": "color"}, "nothing")
        return Answer("%s %s" % (found[0].get("color"), found[1]["code"]), cacheable=True)
    if words == "elsewhere":
        results = skill.notify("org.example.hall", "Hello from %s." % request.client)
        return "%d" % results[0]["code"]
    if words == "who":
        return "%s %.1f %s" % (request.speaker, request.confidence, request.client_capabilities)
    return Answer(words[::-1], [{"name": "led", "red": 1, "data": bytes([0, 255])}])


@skill.intent("fail")
def fail(request):
    raise RuntimeError("it fell over")


@skill.event("client_joined")
def joined(request):
    return "%s %s" % (request.event, request.client)


logging.basicConfig(level=logging.INFO)
signal.signal(signal.SIGTERM, lambda *_: skill.stop())
skill.run(sys.argv[1])
