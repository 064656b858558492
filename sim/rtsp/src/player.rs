//! Carries one player's pictures to it, between the answers of its connection or as datagrams.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use tokio::io::AsyncWriteExt;
use tokio::net::UdpSocket;
use tokio::net::tcp::OwnedWriteHalf;
use tokio::sync::Mutex;
use tokio::sync::mpsc::Receiver;
use tokio::time::{sleep, timeout};

use crate::answer::Transport;
use crate::encode::EncodedPicture;
use crate::limits::{PACKETS_AT_ONCE, PACKETS_PAUSE, PORT_PAIRS_TRIED, SEND_MAX};
use crate::rtp::Packetizer;

/// The writing half of a connection: answers and interleaved packets take turns.
pub type Writer = Arc<Mutex<OwnedWriteHalf>>;

/// Where a player's packets go.
pub enum Way {
    Interleaved { writer: Writer, channel: u8 },
    Datagrams { pictures: UdpSocket, reports: UdpSocket },
}

impl Way {
    /// Prepares what the player asked for.
    pub async fn open(wanted: Transport, writer: &Writer, local: IpAddr, peer: IpAddr) -> std::io::Result<Self> {
        match wanted {
            Transport::Interleaved { channel } => Ok(Self::Interleaved { writer: writer.clone(), channel }),
            Transport::Datagrams { port } => {
                let (pictures, reports) = socket_pair(local).await?;
                pictures.connect(SocketAddr::new(peer, port)).await?;
                reports.connect(SocketAddr::new(peer, port + 1)).await?;
                Ok(Self::Datagrams { pictures, reports })
            }
        }
    }

    /// The `Transport` header of the answer.
    pub fn header(&self) -> std::io::Result<String> {
        Ok(match self {
            Self::Interleaved { channel, .. } => {
                format!("Transport: RTP/AVP/TCP;unicast;interleaved={channel}-{}\r\n", channel.wrapping_add(1))
            }
            Self::Datagrams { pictures, reports } => format!(
                "Transport: RTP/AVP;unicast;client_port={}-{};server_port={}-{}\r\n",
                pictures.peer_addr()?.port(),
                reports.peer_addr()?.port(),
                pictures.local_addr()?.port(),
                reports.local_addr()?.port()
            ),
        })
    }
}

/// Two sockets whose ports are neighbours, the first one even, as RTP wants it (RFC 3550, section 11).
async fn socket_pair(local: IpAddr) -> std::io::Result<(UdpSocket, UdpSocket)> {
    let mut last = std::io::Error::other("no pair of neighbouring ports is free");
    for _ in 0..PORT_PAIRS_TRIED {
        let first = UdpSocket::bind((local, 0)).await?;
        let port = first.local_addr()?.port();
        if port % 2 == 1 || port == u16::MAX {
            continue;
        }
        match UdpSocket::bind((local, port + 1)).await {
            Ok(second) => return Ok((first, second)),
            Err(error) => last = error,
        }
    }
    Err(last)
}

/// Sends pictures until the camera ends or the player is gone.
pub async fn play(way: Way, mut packetizer: Packetizer, mut pictures: Receiver<Arc<EncodedPicture>>) {
    while let Some(picture) = pictures.recv().await {
        let packets = packetizer.packets(&picture);
        let sent = timeout(SEND_MAX, send(&way, &packets)).await;
        match sent {
            Ok(Ok(())) => {}
            Ok(Err(error)) => return tracing::debug!(error = %error, "a player is gone"),
            Err(_) => return tracing::info!("a player takes nothing any more; it is cut off"),
        }
    }
}

async fn send(way: &Way, packets: &[Vec<u8>]) -> std::io::Result<()> {
    match way {
        Way::Interleaved { writer, channel } => {
            let mut bytes = Vec::new();
            for packet in packets {
                bytes.extend([b'$', *channel]);
                bytes.extend((packet.len() as u16).to_be_bytes());
                bytes.extend(packet);
            }
            writer.lock().await.write_all(&bytes).await
        }
        Way::Datagrams { pictures, .. } => {
            for burst in packets.chunks(PACKETS_AT_ONCE) {
                for packet in burst {
                    pictures.send(packet).await?;
                }
                if burst.len() == PACKETS_AT_ONCE {
                    sleep(PACKETS_PAUSE).await;
                }
            }
            Ok(())
        }
    }
}
