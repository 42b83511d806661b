//! A headless Chromium, told what to do through two pipes (the `DevTools` protocol).

use std::{collections::VecDeque, path::Path, process::Stdio, time::Duration};

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    process::{Child, ChildStdin, ChildStdout, Command},
    time::timeout,
};

/// How long the browser may take to answer; a busy machine takes its time.
const PATIENCE: Duration = Duration::from_secs(60);

/// One page in a browser of its own, killed when dropped.
pub(crate) struct Browser {
    _child: Child,
    _profile: TempDir,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
    last_id: u64,
    session: Option<String>,
    events: VecDeque<Value>,
}

impl Browser {
    /// Nothing when there is no Chromium on the machine.
    pub(crate) async fn start() -> Option<Self> {
        let program = ["chromium", "chromium-browser", "google-chrome"];
        let found = program.iter().find_map(|name| {
            let path = std::env::var_os("PATH")?;
            std::env::split_paths(&path)
                .map(|directory| directory.join(name))
                .find(|file| file.exists())
        })?;
        let profile = tempfile::tempdir().unwrap();
        // The protocol wants the descriptors 3 and 4; a shell can give them without unsafe code.
        let mut child = Command::new("sh")
            .args([
                "-c",
                "exec \"$@\" 3<&0 4>&1 >/dev/null 2>&1 </dev/null",
                "sh",
            ])
            .arg(found)
            .args(
                "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run \
                   --disable-background-networking --disable-component-update --disable-sync \
                   --disable-dev-shm-usage --remote-debugging-pipe"
                    .split_ascii_whitespace(),
            )
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut browser = Self {
            to: child.stdin.take().unwrap(),
            from: BufReader::new(child.stdout.take().unwrap()),
            _child: child,
            _profile: profile,
            last_id: 0,
            session: None,
            events: VecDeque::new(),
        };
        let target = browser
            .tell("Target.createTarget", json!({"url": "about:blank"}))
            .await;
        let attach = json!({"targetId": target["targetId"], "flatten": true});
        let attached = browser.tell("Target.attachToTarget", attach).await;
        browser.session = Some(attached["sessionId"].as_str().unwrap().to_owned());
        for domain in ["Page", "Runtime", "Log", "Network"] {
            browser.tell(&format!("{domain}.enable"), json!({})).await;
        }
        Some(browser)
    }

    /// Sends a command and gives its result.
    pub(crate) async fn tell(&mut self, method: &str, params: Value) -> Value {
        self.last_id += 1;
        let mut message = json!({"id": self.last_id, "method": method, "params": params});
        if let Some(session) = &self.session {
            message["sessionId"] = session.clone().into();
        }
        let mut bytes = message.to_string().into_bytes();
        bytes.push(0);
        self.to.write_all(&bytes).await.unwrap();
        loop {
            let message = self.hear().await;
            if message["id"] == self.last_id {
                assert!(message.get("error").is_none(), "{method}: {message}");
                return message["result"].clone();
            }
            self.events.push_back(message);
        }
    }

    async fn hear(&mut self) -> Value {
        let mut bytes = Vec::new();
        let read = self.from.read_until(0, &mut bytes);
        timeout(PATIENCE, read).await.unwrap().unwrap();
        bytes.pop();
        serde_json::from_slice(&bytes).unwrap()
    }

    /// The value of an expression; promises are waited for.
    pub(crate) async fn value(&mut self, expression: &str) -> Value {
        let params = json!({
            "expression": expression, "returnByValue": true, "awaitPromise": true,
        });
        let result = self.tell("Runtime.evaluate", params).await;
        assert!(
            result.get("exceptionDetails").is_none(),
            "{expression}: {result}"
        );
        result["result"]["value"].clone()
    }

    /// Waits until an expression is true, looking whenever the page is drawn.
    pub(crate) async fn until(&mut self, expression: &str) {
        let waiting = format!(
            "new Promise((done, fail) => {{ const end = Date.now() + 30000; \
             const look = () => {{ if ({expression}) done(true); \
             else if (Date.now() > end) fail(new Error('waited in vain')); \
             else setTimeout(look, 20); }}; look(); }})"
        );
        assert_eq!(self.value(&waiting).await, true, "{expression}");
    }

    pub(crate) async fn open(&mut self, url: &str) {
        self.tell("Page.navigate", json!({"url": url})).await;
        let there = format!("location.href === {url:?} && document.readyState === 'complete'");
        self.until(&there).await;
    }

    pub(crate) async fn press(&mut self, key: &str) {
        let code = match key {
            "Tab" => 9,
            _ => 13,
        };
        let text = if key == "Enter" { "\r" } else { "" };
        for kind in ["keyDown", "keyUp"] {
            let event = json!({
                "type": kind, "key": key, "code": key, "text": text,
                "windowsVirtualKeyCode": code,
            });
            self.tell("Input.dispatchKeyEvent", event).await;
        }
    }

    pub(crate) async fn size(&mut self, width: u32, height: u32) {
        let metrics = json!({
            "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600,
        });
        self.tell("Emulation.setDeviceMetricsOverride", metrics)
            .await;
    }

    pub(crate) async fn scheme(&mut self, scheme: &str) {
        let features = json!([{"name": "prefers-color-scheme", "value": scheme}]);
        self.tell("Emulation.setEmulatedMedia", json!({"features": features}))
            .await;
    }

    pub(crate) async fn screenshot(&mut self, file: &Path) {
        use base64::{Engine, engine::general_purpose::STANDARD};
        let shot = self.tell("Page.captureScreenshot", json!({})).await;
        let png = STANDARD.decode(shot["data"].as_str().unwrap()).unwrap();
        std::fs::write(file, png).unwrap();
    }

    /// What the browser has told so far.
    pub(crate) fn events(&self, method: &str) -> Vec<Value> {
        let events = self.events.iter().filter(|event| event["method"] == method);
        events.map(|event| event["params"].clone()).collect()
    }
}
