//! Any form that is uploaded to the real server gets a receipt or a refusal, and the server continues.
#![no_main]

use std::collections::HashMap;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpStream};
use std::sync::{LazyLock, mpsc};

use eclipse_ai_server::app::Application;
use eclipse_ai_server::config::Settings;
use libfuzzer_sys::fuzz_target;

const API_KEY: &str = "the-shared-key-of-the-fuzzer";

/// The port of a server that runs until the process ends.
static PORT: LazyLock<u16> = LazyLock::new(|| {
    let (send_port, port) = mpsc::channel();
    std::thread::spawn(move || {
        let folder = tempfile::tempdir().unwrap();
        let variables = [
            // Backups need no database.
            ("DATABASE_URL", "mysql://nobody@127.0.0.1:9/none"),
            ("API_KEY", API_KEY),
            ("HOST", "127.0.0.1"),
            ("PORT", "0"),
            ("BACKUP_DIR", folder.path().to_str().unwrap()),
            ("BACKUP_MIN_FREE_MB", "0"),
            ("BACKUP_RETENTION_COUNT", "1"),
            ("OLLAMA_BASE_URL", "http://127.0.0.1:9"),
        ];
        let variables: HashMap<_, _> = variables
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into();
        let settings = Settings::from_variables(&variables).unwrap();
        actix_rt::System::new().block_on(async {
            let app = Application::build(&settings).unwrap();
            send_port.send(app.port()).unwrap();
            app.run_until(std::future::pending()).await.unwrap();
        });
    });
    port.recv().unwrap()
});

fuzz_target!(|form: &[u8]| {
    let mut client = TcpStream::connect((Ipv4Addr::LOCALHOST, *PORT)).unwrap();
    let head = format!(
        "POST /api/v1/backup HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nX-API-Key: {API_KEY}\r\n\
         Content-Type: multipart/form-data; boundary=edge\r\nContent-Length: {}\r\n\r\n",
        form.len()
    );
    client.write_all(head.as_bytes()).unwrap();
    client.write_all(form).unwrap();
    let mut answer = Vec::new();
    client.read_to_end(&mut answer).unwrap();
    let answer = String::from_utf8_lossy(&answer);
    let status = answer.split(' ').nth(1).unwrap_or_default();
    assert!(
        status == "200" || status.starts_with('4'),
        "{form:?} is answered with {answer}"
    );
});
