#!/usr/bin/env python3
"""An example: "roll the dice", "roll a twenty sided dice", "flip a coin"."""

import logging
import random
import signal

from vap_skill import Answer, Skill

skill = Skill("org.example.dice", "Dice")
skill.language(
    "en",
    intents={
        "roll": ["roll the dice", "roll a die", "roll a {sides} sided dice", "throw the dice"],
        "coin": ["flip a coin", "toss a coin", "heads or tails"],
    },
    slots={"roll": {"sides": "number"}},
)


@skill.intent("roll")
def roll(request):
    sides = int(request.slots.get("sides") or 6)
    if sides < 2:
        return Answer("With how many sides?", ask=True)
    return "%d." % random.randint(1, sides)


@skill.intent("coin")
def coin(request):
    return random.choice(["Heads.", "Tails."])


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO)
    signal.signal(signal.SIGTERM, lambda *_: skill.stop())
    skill.run()
