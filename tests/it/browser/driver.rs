//! A headless Chromium, driven through its WebDriver by plain HTTP: what a person sees and does.
//!
//! A missing driver is said plainly, and is a failure where services are required.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Once;
use std::time::{Duration, Instant};

use base64::Engine;
use serde_json::{Value, json};

/// The three sizes at which pages are looked at: a scan station, an office screen, a phone.
pub(crate) const SIZES: [(&str, u32, u32); 3] =
    [("station", 1280, 800), ("office", 1920, 1080), ("phone", 390, 844)];

/// The key that WebDriver names an element by.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";
/// Enter, as WebDriver writes it.
pub(crate) const ENTER: &str = "\u{E007}";

/// One browser with one window and cookies of its own; gone when dropped.
pub(crate) struct Browser {
    agent: ureq::Agent,
    base: String,
    driver: Child,
}

impl Browser {
    /// Starts a browser; `None` if there is no driver on this computer and none is required.
    pub(crate) fn start() -> Option<Self> {
        static SAID: Once = Once::new();
        let spawned = Command::new("chromedriver")
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn();
        let Ok(mut driver) = spawned else {
            let required = ["CI", "CHORDA_REQUIRE_SERVICES"];
            assert!(
                required.iter().all(|name| std::env::var_os(name).is_none()),
                "chromedriver is not installed, but services are required"
            );
            SAID.call_once(|| {
                eprintln!("chromedriver is not installed: the browser suite did NOT run")
            });
            return None;
        };
        let mut lines = BufReader::new(driver.stdout.take().unwrap()).lines();
        let port = lines
            .find_map(|line| {
                let line = line.unwrap();
                let (_, port) = line.split_once("started successfully on port ")?;
                Some(port.trim_end_matches('.').to_owned())
            })
            .expect("the driver tells its port");
        // The driver goes on writing; somebody has to read it.
        std::thread::spawn(move || lines.for_each(drop));
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(60)))
            .build()
            .new_agent();
        let mut browser = Self { agent, base: format!("http://127.0.0.1:{port}/session"), driver };
        let options = json!({
            "args": [
                "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                "--hide-scrollbars", "--mute-audio", "--no-first-run", "--disable-background-networking",
            ],
        });
        let wanted = json!({ "capabilities": { "alwaysMatch": {
            "browserName": "chrome",
            "goog:chromeOptions": options,
            "goog:loggingPrefs": { "browser": "ALL" },
        }}});
        let session = browser.post("", &wanted);
        browser.base = format!("{}/{}", browser.base, session["sessionId"].as_str().unwrap());
        browser.resize(1280, 800);
        Some(browser)
    }

    /// Opens an address and waits until it is loaded.
    pub(crate) fn go(&self, address: &str) {
        self.post("/url", &json!({ "url": address }));
    }

    /// The address shown.
    pub(crate) fn address(&self) -> String {
        self.get("/url").as_str().unwrap().to_owned()
    }

    /// Makes the page this large, in CSS pixels.
    pub(crate) fn resize(&self, width: u32, height: u32) {
        let size =
            json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.chrome("Emulation.setDeviceMetricsOverride", &size);
    }

    /// Clicks on the first element that the selector finds, once it is there.
    pub(crate) fn click(&self, selector: &str) {
        let element = self.find(selector);
        // An element below the fold is scrolled to by the driver; one that is covered is not hit.
        self.post(&format!("/element/{element}/click"), &json!({}));
    }

    /// Empties a field and types into it.
    pub(crate) fn type_into(&self, selector: &str, text: &str) {
        let element = self.find(selector);
        self.post(&format!("/element/{element}/clear"), &json!({}));
        self.post(&format!("/element/{element}/value"), &json!({ "text": text }));
    }

    /// The visible words of the first element that the selector finds. They are asked for in one
    /// go: an element that was found may be of a page that has gone.
    pub(crate) fn text(&self, selector: &str) -> String {
        let script = format!("return document.querySelector({})?.innerText", json!(selector));
        loop {
            if let Some(text) = self.run(&script).as_str() {
                return text.to_owned();
            }
            self.find(selector);
        }
    }

    /// Whether the selector finds anything now.
    pub(crate) fn has(&self, selector: &str) -> bool {
        let found = self.post("/elements", &json!({ "using": "css selector", "value": selector }));
        !found.as_array().unwrap().is_empty()
    }

    /// Waits until the page says this.
    #[track_caller]
    pub(crate) fn says(&self, words: &str) {
        let deadline = Instant::now() + Duration::from_secs(10);
        loop {
            let text = self.text("body");
            if text.contains(words) {
                return;
            }
            let address = self.address();
            assert!(Instant::now() < deadline, "{address} does not say {words:?}: {text}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Runs a script in the page and gives what it returns.
    pub(crate) fn run(&self, script: &str) -> Value {
        self.post("/execute/sync", &json!({ "script": script, "args": [] }))
    }

    /// Types as a wedge scanner does: fast, wherever the focus is, with Enter at the end.
    pub(crate) fn scan(&self, code: &str) {
        let mut actions = Vec::new();
        for key in code.chars().map(String::from).chain([ENTER.to_owned()]) {
            actions.push(json!({ "type": "keyDown", "value": key }));
            actions.push(json!({ "type": "keyUp", "value": key }));
        }
        let keyboard = json!({ "type": "key", "id": "scanner", "actions": actions });
        self.post("/actions", &json!({ "actions": [keyboard] }));
    }

    /// Saves a picture of the whole page, however long.
    pub(crate) fn screenshot_whole(&self, path: &Path, width: u32, height: u32) {
        self.resize(width, height);
        let tall = self.run("return document.documentElement.scrollHeight").as_u64().unwrap();
        self.resize(width, u32::try_from(tall).unwrap().max(height).min(6_000));
        self.save(path, &json!({ "format": "png" }));
        self.resize(width, height);
    }

    fn save(&self, path: &Path, how: &Value) {
        let picture = self.chrome("Page.captureScreenshot", how);
        let bytes = base64::engine::general_purpose::STANDARD
            .decode(picture["data"].as_str().unwrap())
            .unwrap();
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }

    /// What the browser complained about since the last time: scripts that failed, things blocked.
    pub(crate) fn complaints(&self) -> Vec<String> {
        let entries = self.post("/se/log", &json!({ "type": "browser" }));
        let severe = entries.as_array().unwrap().iter().filter(|entry| entry["level"] == "SEVERE");
        severe.map(|entry| entry["message"].as_str().unwrap().to_owned()).collect()
    }

    /// Waits until the selector finds something.
    #[track_caller]
    pub(crate) fn wait_for(&self, selector: &str) {
        self.find(selector);
    }

    /// Waits until the selector finds nothing more.
    #[track_caller]
    pub(crate) fn gone(&self, selector: &str) {
        let deadline = Instant::now() + Duration::from_secs(10);
        while self.has(selector) {
            assert!(Instant::now() < deadline, "{} still has {selector}", self.address());
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    #[track_caller]
    fn find(&self, selector: &str) -> String {
        let deadline = Instant::now() + Duration::from_secs(10);
        let wanted = json!({ "using": "css selector", "value": selector });
        loop {
            let found = self.post("/elements", &wanted);
            if let Some(element) = found.get(0) {
                return element[ELEMENT].as_str().unwrap().to_owned();
            }
            let address = self.address();
            assert!(
                Instant::now() < deadline,
                "{address} has no {selector}: {}",
                self.text("body")
            );
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    fn chrome(&self, command: &str, parameters: &Value) -> Value {
        self.post("/goog/cdp/execute", &json!({ "cmd": command, "params": parameters }))
    }

    fn get(&self, path: &str) -> Value {
        let response = self.agent.get(format!("{}{path}", self.base)).call().unwrap();
        value(path, response)
    }

    fn post(&self, path: &str, body: &Value) -> Value {
        let request = self.agent.post(format!("{}{path}", self.base));
        value(path, request.send_json(body).unwrap())
    }
}

fn value(path: &str, mut response: ureq::http::Response<ureq::Body>) -> Value {
    let status = response.status();
    let mut answer: Value = response.body_mut().with_config().limit(64 << 20).read_json().unwrap();
    assert!(status.is_success(), "{path}: {answer}");
    answer["value"].take()
}

impl Drop for Browser {
    fn drop(&mut self) {
        self.agent.delete(&self.base).call().ok();
        self.driver.kill().ok();
        self.driver.wait().ok();
    }
}
