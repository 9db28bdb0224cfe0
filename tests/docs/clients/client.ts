// A sync, an analysis and a backup with the generated types, in schema.ts beside this file.
import createClient from "openapi-fetch";
import type { paths } from "./schema";

declare const process: { argv: string[]; exitCode?: number };

function must(holds: boolean, what: unknown): asserts holds {
  if (!holds) throw new Error(JSON.stringify(what));
}

async function main(): Promise<void> {
  const [baseUrl = "", key = "", deviceId = ""] = process.argv.slice(2);
  const client = createClient<paths>({ baseUrl, headers: { "X-API-Key": key } });

  const rows = Array.from({ length: 59 }, (_, n) => ({
    id: n + 1,
    timestamp: `2026-02-01T14:00:${String(n + 1).padStart(2, "0")}`,
    parameter_name: "RPM",
    value: 801 + n,
    unit: "rpm",
  }));
  const sync = await client.POST("/api/v1/sync", {
    body: { deviceId, batchId: "b", tables: { realtime_data: { rows } } },
  });
  must(sync.data?.tablesProcessed["realtime_data"]?.inserted === 59, sync);

  const analysis = await client.POST("/api/v1/analyze", {
    body: { deviceId, driveStartTime: "2026-02-01T14:00:00", driveEndTime: "2026-02-01T14:01:00" },
  });
  must(analysis.data?.recommendations[0]?.recommendation !== undefined, analysis);

  const form = new FormData();
  form.append("type", "logs");
  form.append("deviceId", deviceId);
  form.append("file", new Blob(["a line\n"]), "car.log");
  const backup = await client.POST("/api/v1/backup", {
    body: { type: "logs", deviceId, file: "" },
    bodySerializer: () => form,
  });
  const list = await client.GET("/api/v1/backups", { params: { query: { deviceId } } });
  must(list.data?.backups[0]?.filename === backup.data?.filename, { backup, list });
  console.log("done");
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
