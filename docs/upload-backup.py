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
    response = connection.getresponse()
    answer = response.read()
    if response.status >= 400:
        print(response.status, answer.decode(), file=sys.stderr)
    if 400 <= response.status < 500 and response.status not in (404, 408, 409, 429):
        sys.exit(1)  # the request itself is wrong
    if response.status >= 400 and response.status != 404:
        raise OSError(response.status)
    return response, answer


def parts(runs, offset):  # the bytes of the runs of blocks, from an offset on
    with open(path, "rb") as file:
        for first, last in runs:
            file.seek(first * BLOCK)
            for _ in range(first, last + 1):
                block = file.read(BLOCK)
                yield block[offset:]
                offset = max(0, offset - len(block))


whole, blocks = hashlib.sha256(), []
with open(path, "rb") as file:
    for block in iter(lambda: file.read(BLOCK), b""):
        whole.update(block)
        blocks.append(hashlib.sha256(block).hexdigest())
whole = whole.digest()
while True:
    try:
        if not os.path.exists(note):
            query = urllib.parse.urlencode({"deviceId": device, "type": kind, "filename": os.path.basename(path)})
            headers = {"Upload-Length": str(size), "Repr-Digest": f"sha-256=:{base64.b64encode(whole).decode()}:"}
            _, answer = request("POST", f"/api/v1/backup/uploads?{query}", headers, json.dumps({"blocks": blocks}))
            with open(note, "w") as file:
                json.dump({"whole": whole.hex(), **json.loads(answer)}, file)
        with open(note) as file:
            upload = json.load(file)
        response, _ = request("HEAD", upload["location"], {})
        if upload["whole"] != whole.hex() or response.status == 404:
            os.remove(note)  # another file, or the upload has expired
            continue
        if response.headers["Upload-Complete"] == "?0":
            offset = int(response.headers["Upload-Offset"])
            headers = {"Content-Type": "application/partial-upload", "Upload-Offset": str(offset),
                       "Upload-Complete": "?1", "Content-Length": str(upload["uploadLength"] - offset)}
            response, _ = request("PATCH", upload["location"], headers, parts(upload["blocks"], offset))
        if response.status < 300:
            os.remove(note)
            sys.exit(print(f"sent {upload['uploadLength']} of {size} bytes"))
    except (OSError, http.client.HTTPException) as error:
        print(error, file=sys.stderr)
    time.sleep(5)
