//! A serial line on the runtime: raw bytes at a speed, both ways. It knows no MAVLink.

use std::io;
use std::os::fd::OwnedFd;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use rustix::fs::{Mode, OFlags};
use rustix::termios::{self, ControlModes, OptionalActions};
use tokio::io::unix::AsyncFd;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// An open line.
#[derive(Debug)]
pub(crate) struct SerialLine(AsyncFd<OwnedFd>);

impl SerialLine {
    /// Opens a device at a speed, bits per second: eight bits, no parity, no flow control, whatever it was set to before.
    pub fn open(path: &str, baud: u32) -> io::Result<Self> {
        let fd = rustix::fs::open(path, OFlags::RDWR | OFlags::NOCTTY | OFlags::NONBLOCK | OFlags::CLOEXEC, Mode::empty())?;
        let mut line = termios::tcgetattr(&fd)?;
        line.make_raw();
        // Radios and autopilots on USB have no modem's lines.
        line.control_modes |= ControlModes::CLOCAL | ControlModes::CREAD;
        line.control_modes -= ControlModes::CRTSCTS;
        line.set_speed(baud)?;
        termios::tcsetattr(&fd, OptionalActions::Now, &line)?;
        Self::registered(fd)
    }

    /// What the deprecation warns of, a file closed while it is registered, cannot happen: the descriptor is owned here until the end.
    #[allow(deprecated, reason = "the call in its place is unsafe")]
    fn registered(fd: OwnedFd) -> io::Result<Self> {
        Ok(Self(AsyncFd::new(fd)?))
    }
}

impl AsyncRead for SerialLine {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        loop {
            let mut ready = ready!(self.0.poll_read_ready(context))?;
            let read = ready.try_io(|fd| Ok(rustix::io::read(fd, &mut *buffer.initialize_unfilled())?));
            match read {
                Ok(read) => return Poll::Ready(read.map(|length| buffer.advance(length))),
                Err(_not_ready_after_all) => {}
            }
        }
    }
}

impl AsyncWrite for SerialLine {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        loop {
            let mut ready = ready!(self.0.poll_write_ready(context))?;
            match ready.try_io(|fd| Ok(rustix::io::write(fd, bytes)?)) {
                Ok(written) => return Poll::Ready(written),
                Err(_not_ready_after_all) => {}
            }
        }
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
