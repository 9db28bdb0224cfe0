use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::task::spawn_blocking;

use super::{eventually, tool};

/// The key of an element in the protocol's JSON.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// A headless Chromium, controlled through the `WebDriver` protocol. It resolves no host but
/// 127.0.0.1. Ended on drop.
pub(crate) struct Browser {
    driver: Child,
    /// The address of the driver.
    address: String,
    /// The path of the session.
    session: String,
    http: reqwest::Client,
    _profile: TempDir,
}

impl Browser {
    pub(crate) async fn start() -> Self {
        let chromium = tool("chromium");
        let profile = tempfile::tempdir().unwrap();
        let arguments = [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--no-proxy-server",
            "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
            "--window-size=1400,2000",
            &format!("--user-data-dir={}", profile.path().display()),
        ];
        let wanted = json!({ "capabilities": { "alwaysMatch": {
            "browserName": "chrome",
            "goog:chromeOptions": { "binary": chromium, "args": arguments },
            "goog:loggingPrefs": { "browser": "ALL" },
        } } });
        let (driver, address) = spawn_blocking(start_driver).await.unwrap();
        let mut browser = Self {
            driver,
            address,
            session: "/session".to_owned(),
            http: reqwest::Client::builder().no_proxy().build().unwrap(),
            _profile: profile,
        };
        let session = browser.ask(Method::POST, "", &wanted).await.unwrap();
        let id = session["sessionId"].as_str().unwrap();
        browser.session = format!("/session/{id}");
        browser
    }

    pub(crate) async fn open(&self, url: &str) {
        let opened = self.ask(Method::POST, "/url", &json!({ "url": url })).await;
        opened.unwrap();
    }

    /// Clicks the element of a CSS selector, once it is clickable.
    pub(crate) async fn click(&self, selector: &str) {
        eventually(&format!("a click on {selector}"), async || {
            self.on(selector, "click", json!({})).await.is_ok()
        })
        .await;
    }

    /// Types into a field, once it exists.
    pub(crate) async fn type_into(&self, selector: &str, text: &str) {
        eventually(&format!("text in {selector}"), async || {
            self.on(selector, "value", json!({ "text": text }))
                .await
                .is_ok()
        })
        .await;
    }

    /// Waits until the element of a CSS selector shows this text.
    pub(crate) async fn sees(&self, selector: &str, text: &str) {
        eventually(&format!("{text:?} in {selector}"), async || {
            self.texts(selector)
                .await
                .iter()
                .any(|found| found.contains(text))
        })
        .await;
    }

    /// The visible texts of all elements of a CSS selector.
    pub(crate) async fn texts(&self, selector: &str) -> Vec<String> {
        let script = "return [...document.querySelectorAll(arguments[0])].map(it => it.innerText.replaceAll('\\u200b', ''))";
        let texts = self.run(script, &json!([selector])).await;
        serde_json::from_value(texts).unwrap()
    }

    /// The result of a script in the page.
    pub(crate) async fn run(&self, script: &str, arguments: &Value) -> Value {
        let call = json!({ "script": script, "args": arguments });
        self.ask(Method::POST, "/execute/sync", &call)
            .await
            .unwrap()
    }

    /// The errors in the page's console since the last call.
    pub(crate) async fn complaints(&self) -> Vec<String> {
        let log = self
            .ask(Method::POST, "/se/log", &json!({ "type": "browser" }))
            .await;
        let log: Vec<Value> = serde_json::from_value(log.unwrap()).unwrap();
        let severe = log.into_iter().filter(|entry| entry["level"] == "SEVERE");
        severe
            .map(|entry| entry["message"].as_str().unwrap().to_owned())
            .collect()
    }

    /// Sends a command to the first element of a selector.
    async fn on(&self, selector: &str, what: &str, body: Value) -> Result<Value, Value> {
        let by = json!({ "using": "css selector", "value": selector });
        let element = self.ask(Method::POST, "/element", &by).await?;
        let element = element[ELEMENT].as_str().unwrap();
        self.ask(Method::POST, &format!("/element/{element}/{what}"), &body)
            .await
    }

    /// A command of the protocol; returns its value or error.
    async fn ask(&self, method: Method, path: &str, body: &Value) -> Result<Value, Value> {
        let request = self.http.request(
            method,
            format!("http://{}{}{path}", self.address, self.session),
        );
        let response = request.json(body).send().await.unwrap();
        let is_success = response.status().is_success();
        let mut answer: Value = response.json().await.unwrap();
        let value = answer["value"].take();
        if is_success { Ok(value) } else { Err(value) }
    }
}

impl Drop for Browser {
    /// Ends the session first: the browser would outlive its driver.
    fn drop(&mut self) {
        let _ = self.end_session();
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

impl Browser {
    fn end_session(&self) -> io::Result<usize> {
        let mut connection = TcpStream::connect(&self.address)?;
        connection.set_read_timeout(Some(Duration::from_secs(20)))?;
        let (session, address) = (&self.session, &self.address);
        write!(
            connection,
            "DELETE {session} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n"
        )?;
        connection.read_to_end(&mut Vec::new())
    }
}

/// Starts the driver; returns its address.
fn start_driver() -> (Child, String) {
    let mut driver = Command::new(tool("chromedriver"))
        .arg("--port=0")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("chromedriver starts");
    let said = BufReader::new(driver.stdout.take().unwrap());
    let port = said.lines().map_while(Result::ok).find_map(|line| {
        let (_, port) = line.split_once("started successfully on port ")?;
        Some(port.trim_end_matches('.').to_owned())
    });
    let port = port.expect("chromedriver says its port");
    (driver, format!("127.0.0.1:{port}"))
}
