//! Connections as they come: how many there may be, and what those get that are too many.

use super::server::{Server, count};
use engine_core::shard::CONNECTIONS_FULL;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};

/// A listener that counts, or does not: connections of operators are not limited.
#[derive(Debug)]
pub struct Accept {
    listener: TcpListener,
    server: Arc<Server>,
    counts: bool,
}

/// A connection; dropping it makes room for another one.
#[derive(Debug)]
pub struct Conn {
    stream: TcpStream,
    counted: Option<Arc<Server>>,
}

impl Accept {
    /// Accepts on a listener; `counts` where connections are limited.
    ///
    /// # Errors
    /// If the runtime does not take the listener.
    pub fn new(
        listener: std::net::TcpListener,
        server: Arc<Server>,
        counts: bool,
    ) -> io::Result<Self> {
        listener.set_nonblocking(true)?;
        Ok(Self { listener: TcpListener::from_std(listener)?, server, counts })
    }

    /// Where it listens.
    ///
    /// # Errors
    /// Whatever the system says.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// The next connection that there is room for, and whose it is.
    pub async fn next(&self) -> (Conn, SocketAddr) {
        loop {
            match self.listener.accept().await {
                Ok((stream, peer)) => {
                    // As the listener has it, which some systems do not hand on.
                    let _ = stream.set_nodelay(true);
                    if let Some(conn) = self.admit(stream) {
                        return (conn, peer);
                    }
                }
                // Out of descriptors, as a rule: others will close theirs.
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            }
        }
    }

    fn admit(&self, stream: TcpStream) -> Option<Conn> {
        if !self.counts {
            return Some(Conn { stream, counted: None });
        }
        let figures = &self.server.figures;
        let open = figures.connections.fetch_add(1, Ordering::Relaxed);
        let conn = Conn { stream, counted: Some(Arc::clone(&self.server)) };
        if open < self.server.limits.connections_max as u64 {
            count(&figures.opened, 1);
            return Some(conn);
        }
        count(&figures.refused, 1);
        // A fresh socket has room for it.
        let _ = conn.stream.try_write(CONNECTIONS_FULL);
        None
    }
}

impl Drop for Conn {
    fn drop(&mut self) {
        if let Some(server) = &self.counted {
            server.figures.connections.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

impl AsyncRead for Conn {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Conn {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
