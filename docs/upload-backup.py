#!/usr/bin/env python3
"""Sends a backup in parts, and only what changed since the last one; continues after any interruption.

Usage: upload-backup.py http://SERVER:8000 API_KEY DEVICE database|logs|config FILE
"""
import base64, hashlib, http.client, json, os, sys, time, urllib.parse

server, key, device, kind, path = sys.argv[1:]
note, size, BLOCK = path + ".upload", os.path.getsize(path), 65536


def request(method, target, headers, body=None):
    connection = http.client.HTTPConnection(urllib.parse.urlsplit(server).netloc, timeout=300)
    connection.request(method, target, body, {"X-API-Key": key, **headers})
    answer = connection.getresponse()
    text = answer.read().decode()
    if answer.status in (400, 401, 403, 413, 422):
        sys.exit(text)  # the request itself is wrong
    if answer.status == 404:
        os.remove(note)  # the upload has expired
    if answer.status >= 300:
        raise OSError(text)
    return answer.headers, text


def read(runs, offset=0):  # the blocks of the runs, without the first bytes
    with open(path, "rb") as file:
        for first, last in runs:
            file.seek(first * BLOCK)
            for block in iter(lambda: file.read(min(BLOCK, (last + 1) * BLOCK - file.tell())), b""):
                yield block[offset:]
                offset = max(0, offset - len(block))


whole, blocks = hashlib.sha256(), []
for block in read([(0, size // BLOCK)]):
    whole.update(block)
    blocks.append(hashlib.sha256(block).hexdigest())
digest = f"sha-256=:{base64.b64encode(whole.digest()).decode()}:"
if os.path.exists(note) and json.load(open(note))["digest"] != digest:
    os.remove(note)  # the file has changed
while True:
    try:
        if not os.path.exists(note):
            query = urllib.parse.urlencode({"deviceId": device, "type": kind, "filename": os.path.basename(path)})
            headers = {"Upload-Length": str(size), "Repr-Digest": digest}
            _, text = request("POST", f"/api/v1/backup/uploads?{query}", headers, json.dumps({"blocks": blocks}))
            with open(note, "w") as file:
                json.dump({"digest": digest, **json.loads(text)}, file)
        upload = json.load(open(note))
        state, _ = request("HEAD", upload["location"], {})
        if state["Upload-Complete"] == "?0":
            headers = {"Content-Type": "application/partial-upload", "Upload-Complete": "?1",
                       "Upload-Offset": state["Upload-Offset"],
                       "Content-Length": str(upload["uploadLength"] - int(state["Upload-Offset"]))}
            request("PATCH", upload["location"], headers, read(upload["blocks"], int(state["Upload-Offset"])))
        os.remove(note)
        sys.exit(print(f"sent {upload['uploadLength']} of {size} bytes"))
    except (OSError, http.client.HTTPException) as error:
        print(error, file=sys.stderr)
        time.sleep(5)
