//! The least of HTTP/1.1 that a terminal needs: one kept connection, one request at a time.
//!
//! Hand-made, because the load shares the processors with the server, and a general client costs as much as the server does.

use std::net::SocketAddr;

use anyhow::{Context, bail};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Largest answer taken, bytes: the list of all guards of the largest load.
const ANSWER_BYTES_MAX: usize = 64 * 1024 * 1024;

/// A connection that stays open.
pub struct Connection {
    stream: TcpStream,
    received: Vec<u8>,
}

/// A request.
pub struct Request<'a> {
    /// `GET` or `POST`.
    pub method: &'a str,
    /// With everything before it.
    pub path: &'a str,
    /// The device token.
    pub token: &'a str,
    /// The idempotency key.
    pub key: Option<&'a str>,
    /// JSON.
    pub body: &'a str,
}

impl Connection {
    /// To a server.
    pub async fn open(address: SocketAddr) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address).await.context("the server takes no connection")?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, received: Vec::new() })
    }

    /// Sends a request and waits for its answer: status and body.
    pub async fn ask(&mut self, request: &Request<'_>) -> anyhow::Result<(u16, Vec<u8>)> {
        let Request { method, path, token, key, body } = request;
        let key = key.map(|key| format!("idempotency-key: {key}\r\n")).unwrap_or_default();
        let kind = if body.is_empty() { "" } else { "content-type: application/json\r\n" };
        let text = format!(
            "{method} {path} HTTP/1.1\r\nhost: load\r\nauthorization: Bearer {token}\r\n{key}{kind}content-length: {}\r\n\r\n{body}",
            body.len()
        );
        self.stream.write_all(text.as_bytes()).await?;
        self.answer().await
    }

    async fn answer(&mut self) -> anyhow::Result<(u16, Vec<u8>)> {
        let head_length = loop {
            if let Some(end) = self.received.windows(4).position(|four| four == b"\r\n\r\n") {
                break end + 4;
            }
            self.receive().await?;
        };
        let head = String::from_utf8_lossy(&self.received[..head_length]).to_lowercase();
        let status = head.get(9..12).and_then(|status| status.parse().ok()).with_context(|| format!("no status in {head:?}"))?;
        let length = head.lines().find_map(|line| line.strip_prefix("content-length:")).map_or(Ok(0), |text| text.trim().parse());
        let length: usize = length.with_context(|| format!("no length in {head:?}"))?;
        if ANSWER_BYTES_MAX < length || head.contains("transfer-encoding") {
            bail!("an answer that this client does not read: {head:?}");
        }
        while self.received.len() < head_length + length {
            self.receive().await?;
        }
        let rest = self.received.split_off(head_length + length);
        let answer = std::mem::replace(&mut self.received, rest);
        Ok((status, answer[head_length..].to_vec()))
    }

    async fn receive(&mut self) -> anyhow::Result<()> {
        match self.stream.read_buf(&mut self.received).await? {
            0 => bail!("the server closed the connection"),
            _ => Ok(()),
        }
    }
}
