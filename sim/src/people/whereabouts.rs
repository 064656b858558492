//! Tells the aircraft's cameras where somebody of the play truly is, by UDP, whatever their phone says. Never waits.

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};

use anyhow::Context;
use flight_types::GeoPoint;
use sim_camera::PersonRole;

use crate::picture::Telling;

/// The way to the cameras; none when nobody looks.
pub(crate) struct Whereabouts(Option<UdpSocket>);

impl Whereabouts {
    /// To cameras that hear at this address.
    pub fn told_to(cameras: Option<SocketAddr>) -> anyhow::Result<Self> {
        let open = |to: SocketAddr| {
            let from = if to.ip().is_loopback() { Ipv4Addr::LOCALHOST } else { Ipv4Addr::UNSPECIFIED };
            let socket = UdpSocket::bind((from, 0))?;
            socket.connect(to)?;
            socket.set_nonblocking(true)?;
            std::io::Result::Ok(socket)
        };
        Ok(Self(cameras.map(open).transpose().context("the cameras cannot be told who is where")?))
    }

    /// Somebody is here now. What is lost is told again in a moment.
    pub fn tell(&self, name: &str, role: PersonRole, at: GeoPoint) {
        if let Some(socket) = &self.0 {
            let telling = Telling { name: name.to_owned(), role, at };
            let _ = socket.send(telling.to_string().as_bytes());
        }
    }
}
