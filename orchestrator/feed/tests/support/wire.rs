//! The line to a camera, which may go dead or garble what it carries.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

use super::LOOPBACK;

/// What the line does with what it is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Manner {
    /// Passes it on.
    Good,
    /// Swallows it, and says nothing to whoever connects: a camera whose radio is gone, or whose power.
    Dead,
    /// Passes it on with broken pictures in whole packets.
    Garbled,
    /// Passes everything on, but later: a narrow radio link whose queue is full. Shorter than a stall.
    Jammed,
}

/// How much later.
const JAM: Duration = Duration::from_millis(1_300);

/// A line to a camera at `behind`.
pub struct Wire {
    pub address: SocketAddr,
    manner: Arc<AtomicU8>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Wire {
    pub async fn to(behind: SocketAddr) -> Self {
        let listener = TcpListener::bind(LOOPBACK).await.expect("a port");
        let address = listener.local_addr().expect("bound");
        let manner = Arc::new(AtomicU8::new(Manner::Good as u8));
        let shared = manner.clone();
        let task = tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                let Ok(far) = TcpStream::connect(behind).await else { continue };
                let ((near_read, near_write), (far_read, far_write)) = (near.into_split(), far.into_split());
                tokio::spawn(requests(near_read, far_write, shared.clone()));
                tokio::spawn(answers(far_read, near_write, shared.clone()));
            }
        });
        Self { address, manner, task }
    }

    pub fn becomes(&self, manner: Manner) {
        self.manner.store(manner as u8, Ordering::SeqCst);
    }
}

fn is(manner: &AtomicU8, wanted: Manner) -> bool {
    manner.load(Ordering::SeqCst) == wanted as u8
}

async fn requests(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, manner: Arc<AtomicU8>) {
    let mut buffer = vec![0; 16_384];
    while let Ok(length @ 1..) = from.read(&mut buffer).await {
        if !is(&manner, Manner::Dead) && to.write_all(&buffer[..length]).await.is_err() {
            return;
        }
    }
}

async fn answers(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, manner: Arc<AtomicU8>) {
    let (queue, mut queued) = mpsc::unbounded_channel::<(Instant, Vec<u8>)>();
    tokio::spawn(async move {
        while let Some((due, piece)) = queued.recv().await {
            sleep_until(due).await;
            if to.write_all(&piece).await.is_err() {
                return;
            }
        }
    });
    let mut buffer = Vec::new();
    let mut dice = 1_u32;
    while let Ok(1..) = from.read_buf(&mut buffer).await {
        while let Some(length) = whole(&buffer) {
            let mut piece: Vec<u8> = buffer.drain(..length).collect();
            if is(&manner, Manner::Garbled) {
                garble(&mut piece, &mut dice);
            }
            let due = if is(&manner, Manner::Jammed) { Instant::now() + JAM } else { Instant::now() };
            if !is(&manner, Manner::Dead) && queue.send((due, piece)).is_err() {
                return;
            }
        }
    }
}

/// Length of the first interleaved packet (RFC 2326, 10.12) or answer, once all of it is there.
fn whole(buffer: &[u8]) -> Option<usize> {
    let length = if *buffer.first()? == b'$' {
        4 + usize::from(u16::from_be_bytes(buffer.get(2..4)?.try_into().ok()?))
    } else {
        let head = buffer.windows(4).position(|window| window == b"\r\n\r\n")? + 4;
        let text = String::from_utf8_lossy(&buffer[..head]);
        let body = text.lines().find_map(|line| line.strip_prefix("Content-Length: ")?.trim().parse::<usize>().ok());
        head + body.unwrap_or(0)
    };
    (length <= buffer.len()).then_some(length)
}

/// Breaks the slices of a picture, after the headers of RTP, NAL unit and fragment; parameter sets and reports stay.
fn garble(piece: &mut [u8], dice: &mut u32) {
    const HEADERS: usize = 4 + 12 + 2;
    let rtp = piece[0] == b'$' && piece[1] == 0 && HEADERS < piece.len();
    if !rtp || !matches!(piece[16] & 0x1f, 1 | 5 | 28) {
        return;
    }
    for byte in &mut piece[HEADERS..] {
        *dice = dice.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        if *dice >> 28 == 0 {
            *byte ^= (*dice >> 16) as u8 | 1;
        }
    }
}
