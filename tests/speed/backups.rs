//! Uploads, compared with a copy of the same file that is synced, and what they cost the syncs beside them.

use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use base64::Engine as _;
use ring::digest::{Context, SHA256};

use crate::client::{body, post_sequentially};
use crate::raw;
use crate::server::{API_KEY, Server};

const ROUNDS: usize = 7;
const MEGABYTE: usize = 1024 * 1024;
const FILE_MEGABYTES: usize = 100;
const LARGE_FILE_MEGABYTES: usize = 1024;

/// As many rows as a car sends at a time while it drives.
const ROWS: usize = 50;

pub(crate) fn measure(base: &str) {
    let name = raw::create_database(base);
    let folder = tempfile::tempdir().unwrap();
    let backups = folder.path().join("backups");
    let server = Server::start_with(
        &format!("{base}/{name}"),
        &[
            ("MAX_BACKUP_SIZE_MB", "2048"),
            ("BACKUP_RETENTION_COUNT", "100"),
            ("BACKUP_DIR", backups.to_str().unwrap()),
        ],
    );
    speed(&server, folder.path());
    latency(&server, folder.path());
    drop(server);
    raw::drop_database(base, &name);
}

/// Both ways of uploading, and the transfer alone, each in pairs with a copy.
fn speed(server: &Server, folder: &Path) {
    let file = make(folder, FILE_MEGABYTES);
    for (name, upload) in [
        ("uploaded at once", upload as fn(u16, &Path) -> Duration),
        ("uploaded in parts", upload_in_parts),
        ("over TCP alone", send),
    ] {
        let mut ratios: Vec<f64> = (0..ROUNDS)
            .map(|round| {
                // Which one is first alternates too.
                let (copied, uploaded) = if round % 2 == 0 {
                    (copy(&file, folder), upload(server.port, &file))
                } else {
                    let uploaded = upload(server.port, &file);
                    (copy(&file, folder), uploaded)
                };
                println!(
                    "  copy {} ms, upload {} ms",
                    copied.as_millis(),
                    uploaded.as_millis()
                );
                copied.as_secs_f64() / uploaded.as_secs_f64()
            })
            .collect();
        ratios.sort_by(f64::total_cmp);
        println!(
            "{FILE_MEGABYTES} MB {name}: {:.2} × copy and fsync (goal: at least 0.9)",
            ratios[ROUNDS / 2]
        );
    }
}

/// The 99th percentile of syncs with and without a large upload beside them.
fn latency(server: &Server, folder: &Path) {
    let file = make(folder, LARGE_FILE_MEGABYTES);
    let mut ratios = Vec::new();
    let mut first_id = 1;
    for _ in 0..3 {
        let uploading = AtomicBool::new(true);
        let mut during = Vec::new();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                upload(server.port, &file);
                uploading.store(false, Ordering::Relaxed);
            });
            while uploading.load(Ordering::Relaxed) {
                during.extend(sync(server.port, &mut first_id, 20));
            }
        });
        let count = during.len();
        let mut alone = sync(server.port, &mut first_id, count);
        let [during, alone] = [&mut during, &mut alone].map(|times| p99(times));
        println!("  {count} syncs: p99 {during:.2?} during the upload, {alone:.2?} alone");
        ratios.push(during.as_secs_f64() / alone.as_secs_f64());
    }
    ratios.sort_by(f64::total_cmp);
    println!(
        "p99 of syncs during an upload of 1 GB: {:.2} × alone (goal: at most 2)",
        ratios[1]
    );
}

fn sync(port: u16, first_id: &mut usize, count: usize) -> Vec<Duration> {
    let bodies: Vec<String> = (0..count)
        .map(|_| {
            *first_id += ROWS;
            body(0, *first_id, ROWS)
        })
        .collect();
    post_sequentially(port, &bodies)
}

fn p99(times: &mut [Duration]) -> Duration {
    times.sort_unstable();
    times[times.len() * 99 / 100]
}

/// A file without a pattern, on the disk.
fn make(folder: &Path, megabytes: usize) -> PathBuf {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let block: Vec<u8> = std::iter::repeat_with(|| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    })
    .flatten()
    .take(MEGABYTE)
    .collect();
    let path = folder.join(format!("{megabytes}.log"));
    let mut file = File::create(&path).unwrap();
    for _ in 0..megabytes {
        file.write_all(&block).unwrap();
    }
    file.sync_all().unwrap();
    path
}

/// Reads and writes, so that no file system shares the blocks instead.
fn copy(from: &Path, folder: &Path) -> Duration {
    let path = folder.join("copy");
    let clock = Instant::now();
    let mut to = File::create(&path).unwrap();
    each_block(from, |block| to.write_all(block).unwrap());
    to.sync_all().unwrap();
    let elapsed = clock.elapsed();
    fs::remove_file(path).unwrap();
    elapsed
}

fn each_block(path: &Path, mut take: impl FnMut(&[u8])) {
    let mut file = File::open(path).unwrap();
    let mut block = vec![0; 256 * 1024];
    loop {
        match file.read(&mut block).unwrap() {
            0 => return,
            length => take(&block[..length]),
        }
    }
}

fn upload(port: u16, path: &Path) -> Duration {
    let head = "--x\r\nContent-Disposition: form-data; name=\"type\"\r\n\r\nlogs\r\n\
        --x\r\nContent-Disposition: form-data; name=\"deviceId\"\r\n\r\nspeed-0\r\n\
        --x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"obd.log\"\r\n\r\n";
    let tail = "\r\n--x--\r\n";
    let file_bytes = fs::metadata(path).unwrap().len();
    let length = (head.len() + tail.len()) as u64 + file_bytes;
    let headers =
        format!("Content-Type: multipart/form-data; boundary=x\r\nContent-Length: {length}");
    let clock = Instant::now();
    let mut stream = request(port, "POST /api/v1/backup", &headers);
    stream.write_all(head.as_bytes()).unwrap();
    each_block(path, |block| stream.write_all(block).unwrap());
    stream.write_all(tail.as_bytes()).unwrap();
    answer(stream);
    clock.elapsed()
}

/// The transfer alone: the bytes of the file over TCP into a file that is synced, without HTTP or a digest.
fn send(_port: u16, path: &Path) -> Duration {
    let received = path.with_extension("received");
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let clock = Instant::now();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            let mut stream = TcpStream::connect(address).unwrap();
            each_block(path, |block| stream.write_all(block).unwrap());
        });
        let (mut stream, _) = listener.accept().unwrap();
        let mut file = File::create(&received).unwrap();
        let mut block = vec![0; 512 * 1024];
        loop {
            match stream.read(&mut block).unwrap() {
                0 => break,
                length => file.write_all(&block[..length]).unwrap(),
            }
        }
        file.sync_all().unwrap();
    });
    let elapsed = clock.elapsed();
    fs::remove_file(received).unwrap();
    elapsed
}

/// The digest is computed before the clock starts: the car has it.
fn upload_in_parts(port: u16, path: &Path) -> Duration {
    let length = fs::metadata(path).unwrap().len();
    let mut digest = Context::new(&SHA256);
    each_block(path, |block| digest.update(block));
    let digest = base64::prelude::BASE64_STANDARD.encode(digest.finish());
    let headers =
        format!("Upload-Length: {length}\r\nRepr-Digest: sha-256=:{digest}:\r\nContent-Length: 0");
    let clock = Instant::now();
    let create = "POST /api/v1/backup/uploads?deviceId=speed-0&type=logs&filename=obd.log";
    let created = answer(request(port, create, &headers));
    let location = created.split("\"location\":\"").nth(1).unwrap();
    let location = location.split('"').next().unwrap();
    let headers = format!(
        "Content-Type: application/partial-upload\r\nUpload-Offset: 0\r\nUpload-Complete: ?1\r\n\
         Content-Length: {length}"
    );
    let mut stream = request(port, &format!("PATCH {location}"), &headers);
    each_block(path, |block| stream.write_all(block).unwrap());
    answer(stream);
    clock.elapsed()
}

pub(crate) fn request(port: u16, line: &str, headers: &str) -> TcpStream {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    write!(
        stream,
        "{line} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nX-API-Key: {API_KEY}\r\n{headers}\r\n\r\n"
    )
    .unwrap();
    stream
}

pub(crate) fn answer(mut stream: TcpStream) -> String {
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 20"), "{answer}");
    answer
}
