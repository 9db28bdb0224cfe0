//! Whether Ollama answers, has the model, and has room for it in the memory of the GPU.

use actors::causes;
use actors::ollama::{Loaded, ModelMemory, Ollama, OllamaError};
use tokio::process::Command;
use tokio::time::timeout;

use super::LIMIT;
use super::finding::{Finding, size};
use crate::config::Settings;

const SUBJECT: &str = "ollama";

#[derive(Debug)]
pub(super) enum Found {
    /// It does not greet.
    Away,
    /// It greets, and then does not say what models it has.
    Silent(OllamaError),
    /// It lists its models, and ours is not among them.
    WithoutModel,
    /// It has the model.
    Ready {
        memory: ModelMemory,
        /// The memory of all GPUs of this machine, where Ollama runs here and that can be known.
        gpu_bytes: Option<u64>,
    },
}

pub(super) async fn probe(settings: &Settings) -> Found {
    let Ok(ollama) = Ollama::new(settings.ollama_base_url.expose(), &settings.ollama_model) else {
        return Found::Away;
    };
    if !ollama.is_up(LIMIT).await {
        return Found::Away;
    }
    match ollama.model_memory(LIMIT).await {
        Err(error) => Found::Silent(error),
        Ok(None) => Found::WithoutModel,
        Ok(Some(memory)) => Found::Ready {
            memory,
            gpu_bytes: if is_here(settings.ollama_base_url.expose()) {
                gpu_bytes().await
            } else {
                None
            },
        },
    }
}

fn is_here(url: &str) -> bool {
    let host = url.split_once("://").map_or(url, |(_, rest)| rest);
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
    ["localhost", "127.", "[::1]"]
        .iter()
        .any(|start| host.starts_with(start))
}

/// As NVIDIA's driver reports; others have no such command.
async fn gpu_bytes() -> Option<u64> {
    let mut question = Command::new("nvidia-smi");
    question
        .args(["--query-gpu=memory.total", "--format=csv,noheader,nounits"])
        .kill_on_drop(true);
    let answer = timeout(LIMIT, question.output()).await.ok()?.ok()?;
    total_bytes(&String::from_utf8(answer.stdout).ok()?)
}

/// The sum of an answer in MiB, a line for each GPU.
fn total_bytes(mib: &str) -> Option<u64> {
    let mut total = 0_u64;
    for line in mib.lines() {
        total += line.trim().parse::<u64>().ok()?;
    }
    (total > 0).then_some(total * 1024 * 1024)
}

pub(super) fn judge(settings: &Settings, found: &Found) -> Finding {
    let model = &settings.ollama_model;
    let url = &settings.ollama_base_url;
    match found {
        Found::Away => Finding::error(
            SUBJECT,
            format!("{url} does not answer: drives are stored, and not analysed"),
            if is_here(settings.ollama_base_url.expose()) {
                "sudo systemctl restart ollama # not installed? https://ollama.com/download/linux"
                    .to_owned()
            } else {
                format!("curl {url}/ # it listens to others only with OLLAMA_HOST=0.0.0.0")
            },
        ),
        Found::Silent(error) => Finding::error(
            SUBJECT,
            format!("{url} does not say what models it has: {}", causes(error)),
            format!("curl {url}/api/tags"),
        ),
        Found::WithoutModel => Finding::error(
            SUBJECT,
            format!("{url} does not have the model {model}"),
            format!("ollama pull {model}"),
        ),
        Found::Ready { memory, gpu_bytes } => match memory.loaded {
            Some(loaded) => in_memory(model, loaded),
            None => on_disk(model, memory.file_bytes, *gpu_bytes),
        },
    }
}

fn in_memory(model: &str, loaded: Loaded) -> Finding {
    let Loaded { bytes, gpu_bytes } = loaded;
    if gpu_bytes >= bytes {
        let says = format!(
            "has {model} loaded: {}, all in the memory of the GPU",
            size(bytes)
        );
        return Finding::ok(SUBJECT, says);
    }
    let (share, mend) = match gpu_bytes {
        0 => (
            "nothing of it",
            "nvidia-smi # does the driver see the GPU? journalctl -u ollama says what it found",
        ),
        _ => (
            "only a part of it",
            "ollama ps # a smaller OLLAMA_MODEL or OLLAMA_NUM_CTX needs less",
        ),
    };
    let says = format!(
        "has {model} loaded: {}, {share} ({}) in the memory of a GPU: analyses take long",
        size(bytes),
        size(gpu_bytes)
    );
    Finding::warning(SUBJECT, says, mend)
}

fn on_disk(model: &str, file_bytes: u64, gpu_bytes: Option<u64>) -> Finding {
    let file = size(file_bytes);
    match gpu_bytes {
        Some(gpu) if file_bytes > gpu => Finding::warning(
            SUBJECT,
            format!(
                "has {model}, but its {file} do not fit the {} of the GPU: analyses take long",
                size(gpu)
            ),
            "ollama list # a smaller OLLAMA_MODEL needs less",
        ),
        Some(gpu) => Finding::ok(
            SUBJECT,
            format!(
                "has {model}: {file} of the {} of the GPU, and its context",
                size(gpu)
            ),
        ),
        None => Finding::ok(
            SUBJECT,
            format!(
                "has {model}: {file}; whether the GPU holds it all shows while it works (ollama ps)"
            ),
        ),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::super::finding::Verdict::{self, Ok, Warning};
    use super::*;

    const GB: u64 = 1024 * 1024 * 1024;

    #[rstest]
    #[case::all_of_it(3 * GB, Ok)]
    #[case::a_part(GB, Warning)]
    #[case::nothing(0, Warning)]
    fn a_loaded_model_is_to_lie_in_the_gpu(#[case] gpu_bytes: u64, #[case] verdict: Verdict) {
        let loaded = Loaded {
            bytes: 3 * GB,
            gpu_bytes,
        };
        assert_eq!(in_memory("gemma2:2b", loaded).verdict, verdict);
    }

    #[rstest]
    #[case::it_fits(Some(8 * GB), Ok)]
    #[case::too_large(Some(GB), Warning)]
    #[case::not_known(None, Ok)]
    fn a_model_on_the_disk_is_compared_with_the_gpu(
        #[case] gpu_bytes: Option<u64>,
        #[case] verdict: Verdict,
    ) {
        assert_eq!(on_disk("gemma2:2b", 2 * GB, gpu_bytes).verdict, verdict);
    }

    #[test]
    fn the_memory_of_several_gpus_is_added() {
        assert_eq!(total_bytes("8192\n 4096\n"), Some(12 * GB));
        assert_eq!(total_bytes("[N/A]\n"), None);
        assert_eq!(total_bytes(""), None);
    }

    #[test]
    fn a_gpu_elsewhere_is_not_asked_for_here() {
        for url in [
            "http://localhost:11434",
            "http://127.0.0.1:1",
            "http://me:pw@[::1]:1",
        ] {
            assert!(is_here(url), "{url}");
        }
        for url in [
            "http://gpu.lan:11434",
            "http://10.0.0.1",
            "http://localhost@gpu.lan",
        ] {
            assert!(!is_here(url), "{url}");
        }
    }
}
