//! Somebody between the generator and the server, who changes what the server says.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};

/// What becomes of a message or a response on its way.
pub(crate) enum Fate {
    /// These bytes in its place, in a frame of the same kind.
    Said(Vec<u8>),
    /// These bytes in its place, as they are.
    Raw(Vec<u8>),
    /// Nothing.
    Dropped,
    /// The connection is closed.
    Cut,
}

/// Tells what becomes of the `n`th message of a connection, counted from 0; the handshake is the
/// message before the first, and not asked for.
pub(crate) type Lie = fn(n: u32, payload: &[u8]) -> Fate;

/// What becomes of a response, which keeps its length.
pub(crate) type Spin = fn(response: &str) -> String;

/// The truth.
pub(crate) fn truth(_: u32, payload: &[u8]) -> Fate {
    Fate::Said(payload.to_vec())
}

/// The truth over HTTP.
pub(crate) fn as_it_is(response: &str) -> String {
    response.to_owned()
}

/// It accepts until it is dropped.
pub(crate) struct Liar {
    pub(crate) address: SocketAddr,
    ends: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Liar {
    /// Between whoever comes and that server. Frames other than messages go through as they are.
    pub(crate) fn before(server: SocketAddr, lie: Lie, spin: Spin) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let ends = Arc::new(AtomicBool::new(false));
        let end = Arc::clone(&ends);
        let thread = thread::spawn(move || {
            for client in listener.incoming() {
                if end.load(Ordering::SeqCst) {
                    return;
                }
                let (Ok(client), Ok(server)) = (client, TcpStream::connect(server)) else { return };
                client.set_nodelay(true).unwrap();
                server.set_nodelay(true).unwrap();
                let (from, to) = (client.try_clone().unwrap(), server.try_clone().unwrap());
                thread::spawn(move || copy(from, to));
                thread::spawn(move || tell(server, client, lie, spin));
            }
        });
        Self { address, ends, thread: Some(thread) }
    }
}

impl Drop for Liar {
    fn drop(&mut self) {
        self.ends.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(self.address);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn copy(mut from: TcpStream, mut to: TcpStream) {
    let mut bytes = [0; 16 * 1024];
    while let Ok(count @ 1..) = from.read(&mut bytes) {
        if to.write_all(&bytes[..count]).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Both);
}

/// What a server says, with lies.
fn tell(mut server: TcpStream, mut client: TcpStream, lie: Lie, spin: Spin) {
    let mut kept = Vec::new();
    let (mut is_open, mut messages) = (false, 0);
    let mut bytes = [0; 16 * 1024];
    'read: while let Ok(count @ 1..) = server.read(&mut bytes) {
        kept.extend_from_slice(&bytes[..count]);
        while !kept.is_empty() {
            if !is_open {
                let Some(end) = response_end(&kept) else { continue 'read };
                is_open = kept.starts_with(b"HTTP/1.1 101");
                let response: Vec<u8> = kept.drain(..end).collect();
                let told = spin(str::from_utf8(&response).unwrap());
                assert_eq!(told.len(), response.len(), "{told}");
                if client.write_all(told.as_bytes()).is_err() {
                    break 'read;
                }
                continue;
            }
            let Some((opcode, payload, end)) = frame(&kept) else { continue 'read };
            let fate = match opcode {
                1 | 2 => {
                    messages += 1;
                    lie(messages - 1, payload)
                }
                _ => Fate::Said(payload.to_vec()),
            };
            let said = match fate {
                Fate::Said(payload) => framed(opcode, &payload),
                Fate::Raw(bytes) => bytes,
                Fate::Dropped => Vec::new(),
                Fate::Cut => break 'read,
            };
            kept.drain(..end);
            if client.write_all(&said).is_err() {
                break 'read;
            }
        }
    }
    let _ = client.shutdown(Shutdown::Both);
    let _ = server.shutdown(Shutdown::Both);
}

/// Where the response ends that these bytes begin with; it has a Content-Length, or no body.
fn response_end(bytes: &[u8]) -> Option<usize> {
    let head = bytes.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    let text = String::from_utf8_lossy(&bytes[..head]);
    let field = text.lines().find_map(|line| line.strip_prefix("Content-Length: "));
    let end = head + field.map_or(0, |digits| digits.trim().parse().unwrap());
    (bytes.len() >= end).then_some(end)
}

/// The opcode and the payload of the frame that these bytes begin with, and where it ends.
fn frame(bytes: &[u8]) -> Option<(u8, &[u8], usize)> {
    let (start, len) = match *bytes.get(1)? {
        126 => (4, usize::from(u16::from_be_bytes(*bytes.get(2..)?.first_chunk()?))),
        127 => panic!("no frame of these tests is so long"),
        short => (2, usize::from(short)),
    };
    let payload = bytes.get(start..start + len)?;
    Some((bytes[0] & 0xf, payload, start + len))
}

fn framed(opcode: u8, payload: &[u8]) -> Vec<u8> {
    let len = u16::try_from(payload.len()).unwrap();
    let mut bytes = vec![0x80 | opcode];
    match u8::try_from(len) {
        Ok(short @ 0..126) => bytes.push(short),
        _ => {
            bytes.push(126);
            bytes.extend_from_slice(&len.to_be_bytes());
        }
    }
    bytes.extend_from_slice(payload);
    bytes
}
