//! Uploads of backups: every acknowledged one is there, and no other file except a whole one.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{Rng as _, RngCore as _, SeedableRng as _};
use serde_json::Value;

use super::{Target, files_below};
use crate::support::{API_KEY, Form};

/// Fewer than a folder keeps.
const FILES_A_DEVICE: u64 = 20;

#[derive(Default)]
pub(super) struct Uploads {
    /// By hash.
    attempted: BTreeSet<Vec<u8>>,
    /// By path and hash.
    acknowledged: Vec<(PathBuf, Vec<u8>)>,
}

fn hash(content: &[u8]) -> Vec<u8> {
    let digest = ring::digest::digest(&ring::digest::SHA256, content);
    digest.as_ref().to_vec()
}

/// Sends files until the load ends.
pub(super) async fn send(target: Arc<Target>, pause: Duration) -> Uploads {
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let mut uploads = Uploads::default();
    let mut acknowledged = 0;
    for number in 0.. {
        if target.is_ending() {
            break;
        }
        let mut random = StdRng::seed_from_u64(number);
        let mut content = vec![0; random.random_range(0..400_000)];
        random.fill_bytes(&mut content);
        uploads.attempted.insert(hash(&content));
        let form = Form::default()
            .text("type", "logs")
            .text(
                "deviceId",
                &format!("car-{}", acknowledged / FILES_A_DEVICE),
            )
            .file("obd.log", &content);
        let request = http
            .post(format!("{}/api/v1/backup", target.url()))
            .header("X-API-Key", API_KEY)
            .header("Content-Type", Form::CONTENT_TYPE)
            .timeout(Duration::from_secs(30))
            .body(form.finish());
        if let Some(receipt) = receipt(request).await {
            let path = receipt["storedAt"].as_str().unwrap().into();
            uploads.acknowledged.push((path, hash(&content)));
            target.acknowledge(1);
            acknowledged += 1;
        }
        tokio::time::sleep(pause).await;
    }
    uploads
}

/// Of an accepted request.
async fn receipt(request: reqwest::RequestBuilder) -> Option<Value> {
    let answer = request.send().await.ok()?;
    if answer.status() != 200 {
        return None;
    }
    // A receipt that breaks off acknowledges nothing.
    let text = answer.text().await.ok()?;
    Some(serde_json::from_str(&text).unwrap())
}

impl Uploads {
    pub(super) fn acknowledged(&self) -> usize {
        self.acknowledged.len()
    }

    pub(super) fn are_whole(&self, root: &Path) {
        for (path, expected) in &self.acknowledged {
            let content = std::fs::read(path).unwrap();
            assert!(hash(&content) == *expected, "{} differs", path.display());
        }
        let staged = files_below(&root.join(".staging"));
        assert!(staged.is_empty(), "left over: {staged:?}");
        for device in files_below(root) {
            let is_hidden = device.strip_prefix(root).unwrap().starts_with(".records");
            let is_marker = device.ends_with(".eclipse-ai-backups");
            let content = std::fs::read(&device).unwrap();
            assert!(
                is_hidden || is_marker || self.attempted.contains(&hash(&content)),
                "{} is no whole file of a client",
                device.display()
            );
        }
    }
}
