"""TLS before a server that speaks none: terminator.py PORT BACKEND KEY CERTIFICATE"""

import asyncio
import ssl
import sys

port, backend, key, certificate = sys.argv[1:]


async def pass_on(source, sink):
    try:
        while data := await source.read(65536):
            sink.write(data)
            await sink.drain()
    except OSError:
        pass
    finally:
        sink.close()


async def connected(reader, writer):
    try:
        inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", int(backend))
    except OSError:
        writer.close()
        return
    await asyncio.gather(pass_on(reader, inner_writer), pass_on(inner_reader, writer))


async def main():
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    server = await asyncio.start_server(connected, "127.0.0.1", int(port), ssl=context)
    await server.serve_forever()


asyncio.run(main())
