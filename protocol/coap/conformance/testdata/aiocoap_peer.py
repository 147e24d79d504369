"""aiocoap as the other side of the conformance rows, all of them at a time.

Commands are lines of JSON on standard input, each of a cell: "serve" the plugtest's
resources at a port, "ask" for something, be "off". Answers are lines of JSON on standard
output: responses, notifications, errors, and {} for a server that is ready.
"""

import asyncio
import json
import sys

import aiocoap
from aiocoap import resource
from aiocoap.numbers import ContentFormat, Unreliable
from aiocoap.numbers.codes import Code
from aiocoap.optiontypes import BlockOption

LARGE = 1300

contexts = {}  # of a cell's server or client


def say(cell, answer):
    print(json.dumps(dict(answer, cell=cell)), flush=True)


def large(n, seed):
    text = ""
    while len(text) < n:
        text += "%06d-%04d;" % (seed, len(text))
    return text[:n].encode()


class Document(resource.ObservableResource):
    """What can be read, written, deleted and observed."""

    def __init__(self, body, fmt=0, attributes=None, observable=False):
        super().__init__()
        self.body, self.fmt, self.observed, self.version = body, fmt, fmt, 1
        self.attributes, self.observable, self.held = attributes or {}, observable, False

    def get_link_description(self):
        return dict(self.attributes, **({"obs": None} if self.observable else {}))

    async def add_observation(self, request, serverobservation):
        if self.observable:
            await super().add_observation(request, serverobservation)

    def tag(self):
        return self.version.to_bytes(2, "big")

    def set(self, body, fmt=0):
        self.body, self.fmt = body, fmt
        self.version += 1
        self.updated_state()

    def content(self):
        m = aiocoap.Message(code=Code.CONTENT, payload=self.body, content_format=self.fmt)
        m.opt.etag = self.tag()
        return m

    async def render_get(self, request):
        if self.body is None:
            return aiocoap.Message(code=Code.NOT_FOUND)
        if request.opt.observe == 0 and self.observable:
            if self.fmt != self.observed:
                self.observed = self.fmt
                return aiocoap.Message(code=Code.NOT_ACCEPTABLE)
        elif self.tag() in request.opt.etags:
            m = aiocoap.Message(code=Code.VALID)
            m.opt.etag = self.tag()
            return m
        m = self.content()
        if self.observable:
            m.opt.max_age = 2
        return m

    async def render_put(self, request):
        if (request.opt.if_match and self.tag() not in request.opt.if_match) or (
            request.opt.if_none_match and self.body is not None
        ):
            return aiocoap.Message(code=Code.PRECONDITION_FAILED)
        code = Code.CREATED if self.body is None else Code.CHANGED
        self.held = True
        self.set(request.payload, int(request.opt.content_format or 0))
        return aiocoap.Message(code=code)

    async def render_delete(self, request):
        self.body = None
        self.updated_state(aiocoap.Message(code=Code.NOT_FOUND))
        return aiocoap.Message(code=Code.DELETED)


class Test(Document):
    async def render_post(self, request):
        return aiocoap.Message(code=Code.CREATED, location_path=["location1", "location2", "location3"])


class Separate(Document):
    async def render_get(self, request):
        await asyncio.sleep(1)
        return await super().render_get(request)


class Query(Document):
    async def render_get(self, request):
        self.body = "&".join(request.opt.uri_query).encode()
        return self.content()


class LocationQuery(Document):
    async def render_post(self, request):
        return aiocoap.Message(code=Code.CREATED, location_query=["first=1", "second=2"])


class MultiFormat(Document):
    async def render_get(self, request):
        fmt = int(request.opt.accept or 0)
        if fmt not in (0, 41):
            return aiocoap.Message(code=Code.NOT_ACCEPTABLE)
        body = b"<xml/>" if fmt else b"plain"
        return aiocoap.Message(code=Code.CONTENT, payload=body, content_format=fmt)


class Create(Document):
    def __init__(self, site):
        super().__init__(b"")
        self.site, self.created = site, 0

    async def render_post(self, request):
        self.created += 1
        path = ["large-create", str(self.created)]
        self.site.add_resource(path, Document(request.payload))
        return aiocoap.Message(code=Code.CREATED, location_path=path)


class TurnRound(Document):
    async def render_post(self, request):
        return aiocoap.Message(code=Code.CHANGED, payload=request.payload[::-1], content_format=0)


async def serve(cell, port):
    site = resource.Site()
    site.add_resource([".well-known", "core"], resource.WKCResource(site.get_resources_as_linkheader, impl_info=None))

    def add(path, document):
        site.add_resource(path.split("/"), document)
        return document

    add("test", Test(b"test"))
    add("separate", Separate(b"separate"))
    add("seg1/seg2/seg3", Document(b"segments"))
    add("query", Query(b""))
    add("location-query", LocationQuery(b""))
    add("multi-format", MultiFormat(b""))
    add("validate", Document(b"valid"))
    add("create1", Document(None))
    add("large", Document(large(LARGE, 0), 0, {"sz": str(LARGE)}))
    add("large-update", Document(b""))
    add("large-create", Create(site))
    add("large-post", TurnRound(b""))
    obs = add("obs", Document(b"0", observable=True))
    non = add("obs-non", Document(b"0", observable=True))
    big = add("obs-large", Document(large(LARGE, 0), observable=True))
    pumping = add("obs-pumping", Document(large(LARGE, 0), observable=True))
    subs = ["path/sub1", "path/sub2", "path/sub3"]
    add("path", Document(",".join("</%s>;ct=0" % s for s in subs).encode(), 40, {"ct": "40"}))
    for s in subs:
        add(s, Document(("/" + s).encode()))
    add("link1", Document(b"1", 0, {"rt": "Type1 Type2", "if": "If1"}))
    add("link2", Document(b"2", 0, {"rt": "Type2 Type3", "if": "If2"}))
    add("link3", Document(b"3", 0, {"rt": "Type1 Type3", "if": "foo"}))
    add("nothing", Document(b"", 0, {"rt": ""}))
    add("secure", Document(b"secure"))

    try:
        contexts[cell] = await aiocoap.Context.create_server_context(site, bind=("127.0.0.1", port))
    except Exception as e:
        say(cell, {"error": repr(e)})
        return
    say(cell, {})
    n = 0
    while cell in contexts:
        await asyncio.sleep(1)
        n += 1
        states = [(obs, b"%d" % n), (non, b"%d" % n)]
        if n % 3 == 0:  # what goes in blocks
            states += [(big, large(LARGE, n)), (pumping, large(LARGE if n % 2 else 20, n))]
        for document, body in states:
            if document.body is not None and not document.held:
                document.set(body)


def message(r):
    m = aiocoap.Message(
        code=getattr(Code, r["method"]),
        uri=r["uri"],
        payload=r["body"].encode(),
        transport_tuning=Unreliable if r["non"] else None,
    )
    if "format" in r:
        m.opt.content_format = r["format"]
    if "accept" in r:
        m.opt.accept = ContentFormat(r["accept"])
    if r["etag"]:
        m.opt.etags = [bytes.fromhex(r["etag"])]
    if r["if_match"]:
        m.opt.if_match = [bytes.fromhex(r["if_match"])]
    if r["if_none_match"]:
        m.opt.if_none_match = True
    if r["block"]:
        m.opt.block2 = BlockOption.BlockwiseTuple(0, False, (r["block"] // 16).bit_length() - 1)
    if r["observe"]:
        m.opt.observe = 0
    return m


def show(cell, response):
    say(cell, {"code": int(response.code), "body": response.payload.decode()})


async def ask(cell, r):
    try:
        if cell not in contexts:
            contexts[cell] = await aiocoap.Context.create_client_context()
        request = contexts[cell].request(message(r))
        show(cell, await request.response)
        if r["observe"]:
            request.observation.register_callback(lambda response: show(cell, response))
            request.observation.register_errback(lambda e: None)
            await asyncio.Event().wait()
    except Exception as e:
        say(cell, {"error": repr(e)})


async def off(cell):
    if context := contexts.pop(cell, None):
        await context.shutdown()


async def main():
    lines = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    tasks = set()
    while line := await lines.readline():
        r = json.loads(line)
        cell = r["cell"]
        if r["do"] == "serve":
            task = serve(cell, r["port"])
        elif r["do"] == "ask":
            task = ask(cell, r)
        else:
            task = off(cell)
        tasks.add(asyncio.create_task(task))


if __name__ == "__main__":
    asyncio.run(main())
