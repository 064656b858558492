//! The least of MQTT 3.1.1 that a publisher needs: connect, publish with QoS 1, count acknowledgements.
//!
//! Hand-made, so that publishing costs next to nothing beside what is measured, and so that a fault of the server's MQTT library
//! cannot cancel itself out.

use std::net::SocketAddr;

use anyhow::{Context, ensure};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Seconds without a packet after which a broker may hang up: none here.
const KEEP_ALIVE_NONE: [u8; 2] = [0, 0];
/// A PUBACK of MQTT 3.1.1, bytes: type, length, packet id.
const ACKNOWLEDGEMENT_BYTES: usize = 4;

/// A connection that publishes.
pub struct Publisher {
    stream: TcpStream,
    packets: Vec<u8>,
    staged: u16,
}

impl Publisher {
    /// Signs in.
    pub async fn connect(broker: SocketAddr, user: &str, secret: &str) -> anyhow::Result<Self> {
        let mut stream = TcpStream::connect(broker).await.context("the broker takes no connection")?;
        stream.set_nodelay(true)?;
        // Clean session, user name and password.
        let mut body = [text("MQTT").as_slice(), &[4, 0b1100_0010], &KEEP_ALIVE_NONE].concat();
        [user, user, secret].into_iter().for_each(|part| body.extend(text(part)));
        let mut packet = vec![0x10];
        packet.extend(length(body.len()));
        packet.extend(body);
        stream.write_all(&packet).await?;
        let mut answer = [0; 4];
        stream.read_exact(&mut answer).await.context("the broker hung up")?;
        ensure!(answer[0] == 0x20 && answer[3] == 0, "the broker refused {user}: {answer:?}");
        Ok(Self { stream, packets: Vec::new(), staged: 0 })
    }

    /// Adds a message to the next flight.
    pub fn stage(&mut self, topic: &str, payload: &str) {
        self.staged += 1;
        self.packets.push(0x32);
        self.packets.extend(length(2 + topic.len() + 2 + payload.len()));
        self.packets.extend(text(topic));
        self.packets.extend(self.staged.to_be_bytes());
        self.packets.extend(payload.as_bytes());
    }

    /// Sends the flight and waits until the broker has acknowledged each message of it; how many.
    pub async fn fly(&mut self) -> anyhow::Result<u64> {
        let mut acknowledgements = vec![0; usize::from(self.staged) * ACKNOWLEDGEMENT_BYTES];
        let (mut reading, mut writing) = self.stream.split();
        let (read, written) = tokio::join!(reading.read_exact(&mut acknowledgements), writing.write_all(&self.packets));
        read.context("the broker hung up")?;
        written?;
        let acknowledged = acknowledgements.chunks_exact(ACKNOWLEDGEMENT_BYTES).filter(|packet| packet[0] == 0x40).count();
        ensure!(acknowledged == usize::from(self.staged), "something else than acknowledgements came");
        self.packets.clear();
        self.staged = 0;
        Ok(acknowledged as u64)
    }
}

fn text(text: &str) -> Vec<u8> {
    let length = u16::try_from(text.len()).expect("names here are short");
    [length.to_be_bytes().as_slice(), text.as_bytes()].concat()
}

/// Remaining length, seven bits a byte.
fn length(mut length: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let low = (length % 128) as u8;
        length /= 128;
        bytes.push(if length == 0 { low } else { low | 0x80 });
        if length == 0 {
            return bytes;
        }
    }
}
