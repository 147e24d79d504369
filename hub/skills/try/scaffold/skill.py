#!/usr/bin/env python3
"""<<.Title>>: a skill for a vapd hub."""

import logging
import os
import random
import signal

from vap_skill import Skill

skill = Skill("<<.ID>>", "<<.Title>>")
skill.manifest(os.path.join(os.path.dirname(os.path.abspath(__file__)), "en.json"))


@skill.intent("greet")
def greet(request):
    return "Hello%s!" % (", " + request.slots["person"] if request.slots.get("person") else "")


@skill.intent("choose")
def choose(request):
    return "%d." % random.randint(1, int(request.slots["highest"]))


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO)
    signal.signal(signal.SIGTERM, lambda *_: skill.stop())
    skill.run()
