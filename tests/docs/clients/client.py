"""A sync, an analysis and a backup with the generated client, whose package `generated` is in the working directory."""

import io
import os
import sys

sys.path.insert(0, os.getcwd())

from generated import AuthenticatedClient
from generated.api.analysis import analyze_drive
from generated.api.backup import list_backups, store_backup
from generated.api.sync import store_batch
from generated.models import (
    AnalysisRequest,
    BackupType,
    BackupUpload,
    RealtimeData,
    RealtimeDataRow,
    SyncBatch,
    SyncBatchTables,
)
from generated.types import File

url, key, device = sys.argv[1:]
client = AuthenticatedClient(
    base_url=url, token=key, prefix="", auth_header_name="X-API-Key", raise_on_unexpected_status=True
)

rows = [
    RealtimeDataRow(id=n, timestamp=f"2026-02-01T14:00:{n:02}", parameter_name="RPM", value=800.0 + n, unit="rpm")
    for n in range(1, 60)
]
tables = SyncBatchTables(realtime_data=RealtimeData(rows=rows))
receipt = store_batch.sync(client=client, body=SyncBatch(device_id=device, batch_id="b", tables=tables))
assert receipt.tables_processed["realtime_data"].inserted == 59, receipt

window = AnalysisRequest(
    device_id=device, drive_start_time="2026-02-01T14:00:00", drive_end_time="2026-02-01T14:01:00"
)
answer = analyze_drive.sync(client=client, body=window)
assert answer.status == "ok" and answer.recommendations[0].recommendation, answer

content = File(payload=io.BytesIO(b"a line\n"), file_name="car.log", mime_type="text/plain")
upload = BackupUpload(file=content, type_=BackupType.LOGS, device_id=device)
stored = store_backup.sync(client=client, body=upload)
listed = list_backups.sync(client=client, device_id=device)
assert [backup.filename for backup in listed.backups] == [stored.filename], (stored, listed)
print("done")
