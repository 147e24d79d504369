"""Skills for a vapd hub, in one file that needs nothing but Python 3.9.

    from vap_skill import Skill

    skill = Skill("org.example.dice", "Dice")
    skill.language("en", intents={"roll": ["roll the dice", "roll a {sides} sided dice"]},
                   slots={"roll": {"sides": "number"}})

    @skill.intent("roll")
    def roll(request):
        return "You rolled %d." % random.randint(1, int(request.slots.get("sides") or 6))

    skill.run()

A handler gets a Request and returns what is said: a string, an Answer, or None. It
speaks the voice assistant protocol's skill registry: CoAP (RFC 7252, 7641, 7959, 9175)
over UDP, with MessagePack. There is no DTLS in it, so it has to run on the hub's own
machine, or behind 'vapd skill run --id ID', or with a hub that is open. Everything
happens on the thread that calls run(); a handler that takes long holds up the others.
"""

import json
import logging
import math
import os
import random
import re
import select
import socket
import struct
import tempfile
import time

__all__ = ["Skill", "Request", "Answer", "CoapError", "pack", "unpack"]

log = logging.getLogger("vap_skill")

VERSION = "Alpha"

# After these somebody has to do something: see "Who may connect" in docs/skills.md.
_HOPELESS = ("connectionDenied", "uniqueAuthenticationTokenErronous", "vapVersionIncompatible", "pairingRequired",
             "missing entity", "missing slot", "malformed content", "missing field")


# MessagePack (https://github.com/msgpack/msgpack/blob/master/spec.md), without extensions.

def pack(value):
    """Encodes None, bool, int, float, str, bytes, list, tuple and dict."""
    if value is None:
        return b"\xc0"
    if value is True or value is False:
        return b"\xc3" if value else b"\xc2"
    if isinstance(value, int):
        return _pack_int(value)
    if isinstance(value, float):
        return struct.pack(">Bd", 0xCB, value)
    if isinstance(value, str):
        data = value.encode()
        return _head(len(data), 0xA0, 32, 0xD9, 0xDA, 0xDB) + data
    if isinstance(value, (bytes, bytearray)):
        return _head(len(value), 0, 0, 0xC4, 0xC5, 0xC6) + bytes(value)
    if isinstance(value, (list, tuple)):
        return _head(len(value), 0x90, 16, None, 0xDC, 0xDD) + b"".join(map(pack, value))
    if isinstance(value, dict):
        return _head(len(value), 0x80, 16, None, 0xDE, 0xDF) + b"".join(
            pack(k) + pack(v) for k, v in value.items())
    raise TypeError("can't pack %s" % type(value).__name__)


def _pack_int(n):
    if 0 <= n < 128:
        return bytes([n])
    if -32 <= n < 0:
        return struct.pack(">b", n)
    for code, kind, low, high in ((0xCC, "B", 0, 1 << 8), (0xCD, "H", 0, 1 << 16), (0xCE, "I", 0, 1 << 32),
                                  (0xCF, "Q", 0, 1 << 64), (0xD3, "q", -(1 << 63), 0)):
        if low <= n < high:
            return struct.pack(">B" + kind, code, n)
    raise OverflowError("an integer of more than 64 bits")


def _head(n, fix, below, one, two, four):
    if n < below:
        return bytes([fix | n])
    if one is not None and n < 1 << 8:
        return struct.pack(">BB", one, n)
    if n < 1 << 16:
        return struct.pack(">BH", two, n)
    return struct.pack(">BI", four, n)


def unpack(data):
    """Decodes one value; raises ValueError for anything else."""
    try:
        value, end = _unpack(data, 0, 0)
    except (IndexError, struct.error, UnicodeDecodeError, TypeError) as e:
        raise ValueError("not MessagePack: %s" % e)
    if end != len(data):
        raise ValueError("not MessagePack: %d bytes after its end" % (len(data) - end))
    return value


_NUMBERS = {0xCA: ">f", 0xCB: ">d", 0xCC: ">B", 0xCD: ">H", 0xCE: ">I", 0xCF: ">Q",
            0xD0: ">b", 0xD1: ">h", 0xD2: ">i", 0xD3: ">q"}
_SIZES = {0xC4: ">B", 0xC5: ">H", 0xC6: ">I", 0xD9: ">B", 0xDA: ">H", 0xDB: ">I",
          0xDC: ">H", 0xDD: ">I", 0xDE: ">H", 0xDF: ">I"}


def _unpack(data, at, depth):
    if depth > 32:
        raise ValueError("nested too deeply")
    code = data[at]
    at += 1
    if code < 0x80:
        return code, at
    if code >= 0xE0:
        return code - 256, at
    if code in (0xC0, 0xC2, 0xC3):
        return {0xC0: None, 0xC2: False, 0xC3: True}[code], at
    if code in _NUMBERS:
        kind = _NUMBERS[code]
        return struct.unpack_from(kind, data, at)[0], at + struct.calcsize(kind)
    if code < 0xC0:
        n = code & (0x1F if code >= 0xA0 else 0x0F)
        kind = "map" if code < 0x90 else "list" if code < 0xA0 else "text"
    elif code in _SIZES:
        n = struct.unpack_from(_SIZES[code], data, at)[0]
        at += struct.calcsize(_SIZES[code])
        kind = "bin" if code < 0xC7 else "text" if code < 0xDC else "list" if code < 0xDE else "map"
    else:
        raise ValueError("type %02x" % code)
    if n > len(data) - at:
        raise ValueError("it ends too soon")
    if kind == "text":
        return data[at:at + n].decode(), at + n
    if kind == "bin":
        return bytes(data[at:at + n]), at + n
    items = []
    for _ in range(n * 2 if kind == "map" else n):
        item, at = _unpack(data, at, depth + 1)
        items.append(item)
    return (dict(zip(items[::2], items[1::2])) if kind == "map" else items), at


# CoAP.

CON, NON, ACK, RST = range(4)
GET, POST, PUT, DELETE, FETCH = 1, 2, 3, 4, 5
_OBSERVE, _PATH, _MAX_AGE, _BLOCK2, _BLOCK1, _ECHO, _REQUEST_TAG = 6, 11, 14, 23, 27, 252, 292
_CONTINUE, _UNAUTHORIZED, _INCOMPLETE, _TOO_LARGE = 0x5F, 0x81, 0x88, 0x8D
_SZX = 6  # blocks of 1,024 bytes
_MAX_BODY = 1 << 20
_KEEPALIVE = 5.0   # seconds after which the hub is asked whether it still knows the skill
_MAX_PAUSE = 30.0  # seconds between two attempts to connect


class CoapError(Exception):
    """The hub answered with an error, or not at all (code 0)."""

    def __init__(self, code, body=b"", max_age=None, text="no answer from the hub"):
        self.code, self.max_age = code, max_age
        try:
            details = unpack(body)
            self.type, self.object, where = details.get("type"), details.get("object"), details.get("docRef")
        except (ValueError, AttributeError):
            self.type = self.object = where = None
        if code:
            text = "%d.%02d" % (code >> 5, code & 31)
        super().__init__(" ".join(str(x) for x in (text, self.type, self.object, where and "(see %s)" % where) if x))


class _Message:
    def __init__(self, kind, code, mid, token=b"", options=(), payload=b""):
        self.kind, self.code, self.mid, self.token = kind, code, mid, token
        self.options, self.payload = list(options), payload

    def option(self, number):
        return next((v for n, v in self.options if n == number), None)

    def uint(self, number):
        value = self.option(number)
        return None if value is None else int.from_bytes(value, "big")

    def encode(self):
        out = struct.pack(">BBH", 0x40 | self.kind << 4 | len(self.token), self.code, self.mid) + self.token
        last = 0
        for number, value in sorted(self.options, key=lambda o: o[0]):
            delta, d = _nibble(number - last)
            length, n = _nibble(len(value))
            out += bytes([delta << 4 | length]) + d + n + value
            last = number
        return out + (b"\xff" + self.payload if self.payload else b"")


def _nibble(n):
    if n < 13:
        return n, b""
    if n < 269:
        return 13, bytes([n - 13])
    return 14, struct.pack(">H", n - 269)


def _decode(data):
    first, code, mid = struct.unpack_from(">BBH", data)
    length = first & 15
    if first >> 6 != 1 or length > 8 or 4 + length > len(data):
        raise ValueError("not CoAP")
    m = _Message(first >> 4 & 3, code, mid, data[4:4 + length])
    at, number = 4 + length, 0
    while at < len(data) and data[at] != 0xFF:
        delta, size = data[at] >> 4, data[at] & 15
        at += 1
        delta, at = _extended(data, at, delta)
        size, at = _extended(data, at, size)
        number += delta
        if at + size > len(data):
            raise ValueError("an option ends too late")
        m.options.append((number, data[at:at + size]))
        at += size
    m.payload = data[at + 1:]
    return m


def _extended(data, at, n):
    if n == 15:
        raise ValueError("a reserved option")
    if n == 13:
        return data[at] + 13, at + 1
    if n == 14:
        return struct.unpack_from(">H", data, at)[0] + 269, at + 2
    return n, at


def _uint(n):
    return n.to_bytes((n.bit_length() + 7) // 8, "big")


class _Endpoint:
    """One peer, requests one at a time, and one observation."""

    def __init__(self, address):
        try:
            family, _, _, _, where = socket.getaddrinfo(*address, type=socket.SOCK_DGRAM)[0]
            self.socket = socket.socket(family, socket.SOCK_DGRAM)
            self.socket.connect(where)
        except OSError as e:
            raise CoapError(0, text="no way to %s: %s" % (address[0], e))
        self.socket.setblocking(False)
        self.mid = random.randrange(1 << 16)
        self.seen = {}         # message ids that were taken, and when
        self.observed = None   # token of the observation
        self.notifications = []

    def close(self):
        self.socket.close()

    def request(self, code, path, body=b"", options=(), wait=15.0, token=None):
        """Sends a request, in blocks if it is long, and returns the response."""
        if not body:
            return self._whole(code, path, options, b"", wait, token)
        if len(body) <= 16 << _SZX:
            return self._whole(code, path, options, body, wait, token)
        szx, tag, at = _SZX, os.urandom(4), 0
        while True:
            size = 16 << szx
            more = at + size < len(body)
            sent = list(options) + [(_BLOCK1, _uint(at // size << 4 | more << 3 | szx)), (_REQUEST_TAG, tag)]
            r = self._exchange(code, path, sent, body[at:at + size], wait)
            if not more:
                return self._rest(code, path, options, r, wait)
            if r.code != _CONTINUE:
                return r
            at += size
            if r.option(_BLOCK1) is not None:  # the hub may want smaller ones
                szx = min(szx, r.uint(_BLOCK1) & 7)

    def _whole(self, code, path, options, body, wait, token):
        r = self._exchange(code, path, options, body, wait, token)
        echo = r.option(_ECHO)
        if r.code == _UNAUTHORIZED and echo is not None:  # RFC 9175: is this address ours?
            r = self._exchange(code, path, list(options) + [(_ECHO, echo)], body, wait, token)
        return self._rest(code, path, options, r, wait)

    def _rest(self, code, path, options, r, wait):
        """Fetches the blocks of a response after its first."""
        block, whole = r.uint(_BLOCK2), r
        while block is not None and block & 8:
            if len(whole.payload) > _MAX_BODY:
                raise CoapError(0)
            szx = block & 7
            following = len(whole.payload) >> (szx + 4)
            plain = [o for o in options if o[0] != _OBSERVE]
            r = self._exchange(code, path, plain + [(_BLOCK2, _uint(following << 4 | szx))], b"", wait)
            block = r.uint(_BLOCK2)
            if block is None or block >> 4 != following:
                raise CoapError(0)
            whole.payload += r.payload
        return whole

    def _exchange(self, code, path, options, body, wait, token=None):
        self.mid = (self.mid + 1) % (1 << 16)
        m = _Message(CON, code, self.mid, token or os.urandom(8),
                     [(_PATH, p.encode()) for p in path.split("/")] + list(options), body)
        timeout, tries = 2 * random.uniform(1, 1.5), 0  # RFC 7252 section 4.8
        data, end, acknowledged = m.encode(), time.monotonic() + wait, False
        self._send(data)
        again = time.monotonic() + timeout
        while time.monotonic() < end:
            r = self._receive(min(end, end if acknowledged else again) - time.monotonic())
            if r is None:
                if not acknowledged and time.monotonic() >= again:
                    if tries == 4:
                        break
                    tries, timeout = tries + 1, timeout * 2
                    again = time.monotonic() + timeout
                    self._send(data)
            elif r.kind == RST and r.mid == m.mid:
                break
            elif r.kind == ACK and r.mid == m.mid and r.code == 0:
                acknowledged = True
            elif r.token == m.token and r.code >= 64 and (r.kind != ACK or r.mid == m.mid):
                return r
            else:
                self._notified(r)
        raise CoapError(0)

    def wait(self, seconds):
        """Waits for a notification."""
        m = self._receive(seconds)
        if m is not None:
            self._notified(m)

    def _notified(self, m):
        if m.kind in (CON, NON) and m.token == self.observed:
            self.notifications.append(m)

    def _receive(self, wait):
        """The next response, acknowledgement or notification; None when none comes in time."""
        end = time.monotonic() + max(0.0, wait)
        while True:
            if not select.select([self.socket], [], [], max(0.0, end - time.monotonic()))[0]:
                return None
            try:
                m = _decode(self.socket.recv(1 << 16))
            except (ValueError, IndexError, struct.error, BlockingIOError):
                continue
            except OSError:  # nobody listens at the hub's port, or there is no way
                time.sleep(min(0.2, max(0.0, end - time.monotonic())))
                continue
            if m.kind in (CON, NON):
                if m.code == 0 or 1 <= m.code < 32:  # a ping, or a request: there is nothing here
                    self._reply(m, RST)
                    continue
                if m.kind == CON:
                    self._reply(m, ACK)
                if self._twice(m.mid):
                    continue
            return m

    def _reply(self, m, kind):
        self._send(_Message(kind, 0, m.mid).encode())

    def _send(self, data):
        try:
            self.socket.send(data)
        except OSError:  # nobody listens there, or there is no way: as if it was lost
            pass

    def _twice(self, mid):
        now = time.monotonic()
        self.seen = {k: t for k, t in self.seen.items() if now - t < 247}
        twice = mid in self.seen
        self.seen[mid] = now
        return twice


# Skills.

class Request:
    """What somebody said that a skill has to answer, or an event.

    intent and slots (name: text, or None) are what the hub understood, input is the
    sentence, locale its language; client is the satellite, with the names of its
    capabilities. event and its fields are of an event. speaker is who may have spoken,
    and confidence how sure the hub is, from 0 to 1: a hint, which a recording defeats.
    """

    def __init__(self, data):
        request, client = data.get("request") or {}, data.get("client") or {}
        self.id = data["requestId"] if "requestId" in data else data["request_id"]
        self.type = request.get("type")
        self.intent, self.event = request.get("intent"), request.get("event")
        self.locale, self.input = request.get("locale"), request.get("input", "")
        self.slots = {s["name"]: s.get("value") for s in request.get("slots") or []}
        self.client = client.get("systemId")
        self.client_capabilities = [c.get("name") for c in client.get("capabilities") or []]
        self.capabilities = request.get("capabilities") or []
        by = next((c for c in self.capabilities if c.get("name") == "speaker"), {})
        self.speaker, self.confidence = by.get("speaker"), by.get("confidence", 0.0)


class Answer:
    """What a skill answers: words that are said, and capabilities beside them.

    With ask=True the satellite listens for what is said next, without its wake word.
    cacheable says that the same request always gets this answer.
    """

    def __init__(self, say=None, capabilities=(), ask=False, cacheable=False):
        self.capabilities = list(capabilities)
        if say:
            self.capabilities.insert(0, {"name": "voice", "text": say})
        self.ask, self.cacheable = ask, cacheable


class Skill:
    """A skill. Describe it, register handlers, then call run()."""

    def __init__(self, id, name, state=None):
        self.id, self.name = id, name
        home = os.environ.get("XDG_STATE_HOME") or os.path.join(os.path.expanduser("~"), ".local", "state")
        self.state = state or os.path.join(home, "vap_skill", re.sub(r"[^A-Za-z0-9._-]", "_", id) + ".token")
        self._nlu, self._handlers, self._events, self._can = [], {}, {}, None
        self._endpoint, self._stopped = None, False

    # Description.

    def language(self, tag, intents, slots=None, entities=None):
        """Says what can be said in a language, such as "en" or "de-AT".

        intents: {name: [utterance, ...]}, an utterance as "turn {what} on".
        slots: {intent: {slot: entity}}, or in place of the entity a dict with entity,
        required, prompt and reprompt.
        entities: {name: [value or (value, synonym, ...), ...]}, or in place of the list
        a dict with values and strict.
        """
        language, _, country = tag.partition("-")
        _known("slots of", slots or {}, intents)
        self._nlu.append({
            "language": {"country": country or None, "language": language, "extra": None},
            "intents": [{
                "name": name,
                "utterances": [{"text": u} for u in utterances],
                "slots": [_slot(slot, s) for slot, s in (slots or {}).get(name, {}).items()],
            } for name, utterances in intents.items()],
            "entities": [_entity(name, e) for name, e in (entities or {}).items()],
        })

    def manifest(self, path):
        """Reads what can be said in a language from a JSON file, as docs/skills.md has it."""
        with open(path, encoding="utf-8") as f:
            m = json.load(f)
        _known(path, m, ("name", "language", "intents", "entities"))
        for name, i in m["intents"].items():
            _known("%s: intent %s" % (path, name), i, ("utterances", "slots"))
        tag = m.get("language") or os.path.splitext(os.path.basename(path))[0]
        self.language(tag, {name: i["utterances"] for name, i in m["intents"].items()},
                      {name: i.get("slots") or {} for name, i in m["intents"].items()}, m.get("entities"))

    def intent(self, name):
        """Decorates the handler of an intent."""
        return lambda handler: _handle(self._handlers, name, handler)

    def event(self, name):
        """Decorates the handler of an event, such as "started" or "timer_finished"."""
        return lambda handler: _handle(self._events, name, handler)

    def can_answer(self, handler):
        """Decorates what says how well a request can be answered, from 0 to 1."""
        self._can = handler
        return handler

    # Life.

    def run(self, hub=None):
        """Serves the hub at "HOST:PORT" (default: $VAP_HUB, else this machine) until stop().

        It comes back whenever the hub was away. A hub that refuses the skill for good
        raises CoapError, an intent without a handler, or the reverse, ValueError.
        """
        self._complete()
        address = _host_port(hub or os.environ.get("VAP_HUB") or "127.0.0.1")
        pause = 1.0
        while not self._stopped:
            began = time.monotonic()
            try:
                self._endpoint = _Endpoint(address)
                self._connect()
                self._serve()
            except CoapError as e:
                if e.type in _HOPELESS or e.code in (_INCOMPLETE, _TOO_LARGE):
                    raise
                if self._stopped:  # the hub did not hear the goodbye
                    return
                if time.monotonic() - began > _MAX_PAUSE:
                    pause = 1.0
                hint = " (does %s run twice?)" % self.id if e.type == "unauthorized" else ""
                log.warning("%s%s; again in %.0f s", e, hint, e.max_age or pause)
                self._sleep(e.max_age or pause)
                pause = min(_MAX_PAUSE, pause * 2)
            finally:
                if self._endpoint:
                    self._endpoint.close()
                    self._endpoint = None

    def stop(self):
        """Ends run() within a moment; it may be called from a handler or another thread."""
        self._stopped = True

    def _complete(self):
        intents = {i["name"] for n in self._nlu for i in n["intents"]}
        for name in sorted(intents - self._handlers.keys()):
            raise ValueError("%s: nothing handles the intent %s: decorate it with @skill.intent(%r)" % (self.id, name, name))
        _known("%s: handlers of intents" % self.id, self._handlers, intents)

    def _sleep(self, seconds):
        end = time.monotonic() + seconds
        while not self._stopped and time.monotonic() < end:
            time.sleep(0.1)

    def _connect(self):
        connect = {"id": self.id, "name": self.name, "vapVersion": VERSION}
        token = self._load()
        if token:
            connect["uniqueAuthenticationToken"] = token
        answer = self._post("connect", connect)
        if answer.get("uniqueAuthenticationToken"):
            self._save(answer["uniqueAuthenticationToken"])
        self.languages = answer.get("langs") or []
        self._post("registerIntents", {"skillId": self.id, "nluData": self._nlu, "events": sorted(self._events)})
        log.info("%s is registered", self.id)

    def _serve(self):
        e = self._endpoint
        fresh = asked = 0.0
        while not self._stopped:
            if time.monotonic() >= fresh:
                fresh = time.monotonic() + self._observe()
                asked = time.monotonic()
            if time.monotonic() >= asked + _KEEPALIVE:
                # One that was started again, or is gone, can't say so itself.
                _check(e.request(GET, self._path(), wait=2 * _KEEPALIVE))
                asked = time.monotonic()
            while e.notifications:
                m = e.notifications.pop(0)
                if m.code >= 128:
                    raise CoapError(m.code, m.payload)
                fresh = time.monotonic() + (m.uint(_MAX_AGE) or 60) + random.uniform(5, 15)
                m = e._rest(GET, self._path(), (), m, 15.0)
                if m.payload:
                    self._answer(m.payload)
            e.wait(min(0.25, max(0.0, fresh - time.monotonic())))
        self._endpoint.request(DELETE, self._path(), pack({"skillId": self.id}), wait=2.0)

    def _path(self):
        return "vap/skillRegistry/skills/" + self.id

    def _observe(self):
        """Begins, or renews, the observation of what is asked; returns how long it is fresh."""
        e = self._endpoint
        e.observed = e.observed or os.urandom(8)
        r = e.request(GET, self._path(), options=[(_OBSERVE, b"")], token=e.observed)
        _check(r)
        if r.option(_OBSERVE) is None:
            raise CoapError(0)
        if r.payload:
            self._answer(r.payload)
        return (r.uint(_MAX_AGE) or 60) + random.uniform(5, 15)  # RFC 7641 section 3.3.1

    def _answer(self, payload):
        try:
            request = Request(unpack(payload))
        except (ValueError, KeyError, TypeError, AttributeError) as e:
            log.warning("a request that makes no sense: %s", e)
            return
        item = {"type": "requested", "requestId": request.id}
        try:
            if request.type in ("canYouAnswer", "canAnswer"):
                can = self._can or (lambda r: float(r.intent in self._handlers))
                item = {"type": "canYouAnswer", "requestId": request.id, "confidence": float(can(request))}
            else:
                handlers = self._events if request.type == "event" else self._handlers
                name = (request.event or request.intent) if request.type == "event" else request.intent
                answer = handlers[name](request) if name in handlers else None
                if not isinstance(answer, Answer):
                    answer = Answer(answer)
                item["capabilities"] = answer.capabilities
                if answer.ask:
                    item["endSession"] = False
                if answer.cacheable:
                    item["code"] = 205
        except Exception:
            log.exception("the handler of %s failed", request.intent or request.event)
            item.update(capabilities=[], code=500)
        self._notify([item])

    def notify(self, client, say=None, capabilities=(), ttl=None, priority=None):
        """Says something to a satellite without being asked; call it from a handler.

        When the satellite is away it waits for ttl seconds (an hour). With the priority
        "low" it is said now or never, with "urgent" also when nobody is to be disturbed.
        """
        item = {"type": "standalone", "clientId": client, "capabilities": Answer(say, capabilities).capabilities}
        if ttl is not None:
            item["ttl"] = max(1, math.ceil(ttl))
        if priority is not None:
            item["priority"] = priority
        return self._notify([item])

    def query(self, client, *capabilities):
        """Asks the hub ("vap.SYSTEM") or a satellite: capabilities are names, or dicts with
        a name. The result has one dict each, with code 205 where it was answered."""
        asked = [c if isinstance(c, dict) else {"name": c} for c in capabilities]
        answer = self._post("query", {"skillId": self.id, "data": [{"clientId": client, "capabilities": asked}]})
        return answer["data"][0]["capabilities"]

    def _notify(self, items):
        return self._post("notification", {"skillId": self.id, "data": items}).get("data", [])

    def _post(self, what, message):
        r = self._endpoint.request(POST, "vap/skillRegistry/" + what, pack(message))
        _check(r)
        return unpack(r.payload) if r.payload else {}

    # The token, which the hub gives once.

    def _load(self):
        try:
            with open(self.state) as f:
                return f.read().strip()
        except FileNotFoundError:
            return ""

    def _save(self, token):
        folder = os.path.dirname(self.state) or "."
        os.makedirs(folder, mode=0o700, exist_ok=True)
        handle, path = tempfile.mkstemp(dir=folder)  # with mode 0600
        with os.fdopen(handle, "w") as f:
            f.write(token)
            f.flush()
            os.fsync(f.fileno())
        os.replace(path, self.state)


def _host_port(text):
    """The host and port of "host", "host:port", an IPv6 address, or "[address]:port"."""
    host, _, port = text.rpartition(":")
    if text.count(":") > 1 and not (text.startswith("[") and host.endswith("]")):
        host, port = text, ""
    elif not host:
        host, port = text, ""
    return host.strip("[]"), int(port or 5683)


def _check(r):
    if r.code >= 128:
        raise CoapError(r.code, r.payload, r.uint(_MAX_AGE) if r.option(_MAX_AGE) is not None else None)


def _known(what, given, known):
    """Raises ValueError for a name that is not known: what is misspelt would be left out."""
    for name in given:
        if name not in known:
            raise ValueError("%s: %s is not known: want one of %s" % (what, name, ", ".join(sorted(known))))


def _handle(handlers, name, handler):
    if name in handlers:
        raise ValueError("%s has two handlers" % name)
    handlers[name] = handler
    return handler


def _slot(name, slot):
    if not isinstance(slot, dict):
        slot = {"entity": slot}
    _known("slot %s" % name, slot, ("entity", "required", "prompt", "reprompt"))
    return dict(slot, name=name)


def _entity(name, entity):
    if not isinstance(entity, dict):
        entity = {"values": entity}
    _known("entity %s" % name, entity, ("values", "strict"))
    data = [(v, []) if isinstance(v, str) else (v[0], list(v[1:])) for v in entity["values"]]
    return {"name": name, "strict": bool(entity.get("strict")),
            "data": [{"value": v, "synonyms": s} for v, s in data]}
