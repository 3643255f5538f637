"""A stand-in for GitHub's comments API, on loopback: api.py FOLDER [may|may-not]

Keeps comments in FOLDER/comments.json, and writes its port to FOLDER/port. `may-not` is a token that reads alone.
"""

import json
import pathlib
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer

folder = pathlib.Path(sys.argv[1])
store = folder / "comments.json"


class Api(BaseHTTPRequestHandler):
    def answer(self, status, body):
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def body(self):
        return json.loads(self.rfile.read(int(self.headers["Content-Length"])))["body"]

    def allowed(self):
        mode = (folder / "mode").read_text().strip()
        return self.headers["Authorization"] == "Bearer the-token" and mode == "may"

    def do_GET(self):
        path, _, query = self.path.partition("?")
        if path != "/repos/owner/repo/issues/7/comments":
            return self.answer(404, {"message": "Not Found"})
        page = int(query.rpartition("page=")[2])
        comments = json.loads(store.read_text())
        self.answer(200, comments[(page - 1) * 100 : page * 100])

    def change(self, path, work):
        if not self.path.startswith(path):
            return self.answer(404, {"message": "Not Found"})
        text = self.body()
        if not self.allowed():
            return self.answer(403, {"message": "Resource not accessible by integration"})
        comments = json.loads(store.read_text())
        status, comment = work(comments, text)
        store.write_text(json.dumps(comments))
        self.answer(status, comment)

    def do_POST(self):
        def add(comments, text):
            comments.append({"id": 1000 + len(comments), "user": {"type": "Bot"}, "body": text})
            return 201, comments[-1]

        self.change("/repos/owner/repo/issues/7/comments", add)

    def do_PATCH(self):
        def edit(comments, text):
            comment = next(comment for comment in comments if self.path.endswith(f"/{comment['id']}"))
            comment["body"] = text
            return 200, comment

        self.change("/repos/owner/repo/issues/comments/", edit)

    def log_message(self, *_):
        pass


server = HTTPServer(("127.0.0.1", 0), Api)
(folder / "port").write_text(str(server.server_port))
server.serve_forever()
