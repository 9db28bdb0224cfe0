//! `doctor` checks Ollama and its model.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_model_names_the_pull_command() {
    let ollama = ollama(&["gemma2:27b"], json!([])).await;
    let ended = binary("mysql://nobody@127.0.0.1:9/nothing", &ollama.uri()).run(&["doctor"]);
    assert!(reported(&ended, "error", "ollama").contains("$ ollama pull gemma2:2b"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_outside_of_the_gpu_is_a_warning() {
    let nowhere = "mysql://nobody@127.0.0.1:9/nothing";
    for (in_gpu, verdict) in [
        (2_000_000_000_u64, "ok"),
        (900_000_000, "warning"),
        (0, "warning"),
    ] {
        let loaded = json!([{"name": MODEL, "size": 2_000_000_000_u64, "size_vram": in_gpu}]);
        let ollama = ollama(&[MODEL], loaded).await;
        let ended = binary(nowhere, &ollama.uri()).run(&["doctor"]);
        reported(&ended, verdict, "ollama");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_that_is_larger_than_the_gpu_is_a_warning() {
    let ollama = ollama(&[MODEL], json!([])).await;
    let programs = tempfile::tempdir().unwrap();
    let driver = programs.path().join("nvidia-smi");
    for (answer, verdict) in [
        ("echo 1024", "warning"),
        ("echo 8192", "ok"),
        ("exit 9", "ok"),
        ("exec /bin/sleep 1000", "ok"),
    ] {
        fs::write(&driver, format!("#!/bin/sh\n{answer}\n")).unwrap();
        fs::set_permissions(&driver, Permissions::from_mode(0o700)).unwrap();
        let ended = binary("mysql://nobody@127.0.0.1:9/nothing", &ollama.uri())
            .variable("PATH", programs.path().to_str().unwrap())
            .run(&["doctor"]);
        reported(&ended, verdict, "ollama");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ollama_without_a_list_of_models_is_an_error_without_its_password() {
    let ollama = MockServer::start().await;
    let greeting = Mock::given(method("GET")).and(path("/"));
    greeting
        .respond_with(ResponseTemplate::new(200))
        .mount(&ollama)
        .await;
    let url = ollama.uri().replacen("http://", "http://me:hunter2@", 1);
    let ended = binary("mysql://nobody@127.0.0.1:9/nothing", &url).run(&["doctor"]);
    assert!(reported(&ended, "error", "ollama").contains("does not say what models"));
    assert!(!ended.output.contains("hunter2"), "{}", ended.output);
}
