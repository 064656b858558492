//! One signed-in HTTP client: a session cookie or a device token, problem details as errors.

use std::time::Duration;

use anyhow::{Context, bail};
use reqwest::header::{COOKIE, HeaderMap, SET_COOKIE};
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};

/// A phone gives up on a request after this, and asks again.
const REQUEST_LIMIT: Duration = Duration::from_secs(10);

/// A person's way to the server.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    http: reqwest::Client,
    base: String,
    cookie: Option<String>,
    token: Option<String>,
}

impl Client {
    /// Nobody yet.
    pub fn anonymous(server: &str) -> anyhow::Result<Self> {
        let http = reqwest::Client::builder().timeout(REQUEST_LIMIT).build().context("no HTTP client")?;
        Ok(Self { http, base: server.trim_end_matches('/').to_owned(), cookie: None, token: None })
    }

    /// Somebody with a name and a password.
    pub async fn sign_in(server: &str, name: &str, password: &str) -> anyhow::Result<Self> {
        let mut client = Self::anonymous(server)?;
        let response = client.request(Method::POST, "/session").json(&json!({"name": name, "password": password})).send().await?;
        let cookie = session_cookie(response.headers());
        accepted(response).await.with_context(|| format!("{name} could not sign in"))?;
        client.cookie = Some(cookie.context("the server set no session cookie")?);
        Ok(client)
    }

    /// The same way with a terminal's token.
    pub fn with_token(mut self, token: &str) -> Self {
        self.token = Some(token.to_owned());
        self
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let mut request = self.http.request(method, format!("{}/api/v1{path}", self.base));
        if let Some(cookie) = &self.cookie {
            request = request.header(COOKIE, cookie);
        }
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        request
    }

    /// Whether the server takes requests.
    pub async fn ready(&self) -> bool {
        let asked = self.http.get(format!("{}/readyz", self.base)).send().await;
        asked.is_ok_and(|response| response.status().is_success())
    }

    /// GET; an empty answer is null.
    pub async fn get(&self, path: &str) -> anyhow::Result<Value> {
        accepted(self.request(Method::GET, path).send().await?).await.with_context(|| format!("GET {path}"))
    }

    /// POST.
    pub async fn post(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        accepted(self.request(Method::POST, path).json(body).send().await?).await.with_context(|| format!("POST {path}"))
    }

    /// POST with an idempotency key.
    pub async fn post_once(&self, path: &str, key: &str, body: &Value) -> anyhow::Result<Value> {
        let request = self.request(Method::POST, path).header("Idempotency-Key", key).json(body);
        accepted(request.send().await?).await.with_context(|| format!("POST {path}"))
    }
}

fn session_cookie(headers: &HeaderMap) -> Option<String> {
    let set = headers.get_all(SET_COOKIE).iter().filter_map(|value| value.to_str().ok());
    let pairs: Vec<&str> = set.filter_map(|cookie| cookie.split(';').next()).collect();
    (!pairs.is_empty()).then(|| pairs.join("; "))
}

async fn accepted(response: Response) -> anyhow::Result<Value> {
    let status = response.status();
    let text = response.text().await?;
    if !status.is_success() {
        let problem: Value = serde_json::from_str(&text).unwrap_or(Value::Null);
        let detail = problem["detail"].as_str().or(problem["title"].as_str()).unwrap_or(&text);
        bail!("{status}: {detail}");
    }
    if status == StatusCode::NO_CONTENT || text.is_empty() {
        return Ok(Value::Null);
    }
    serde_json::from_str(&text).context("the answer is not JSON")
}
