//! What tests of the program share: how it is run, and servers that misbehave.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Output, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// Whatever a test runs ends by itself long before.
const END_MAX: Duration = Duration::from_secs(40);

/// The program.
pub(crate) fn hunt_load() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hunt-load"));
    command.env_remove("HUNT_ADMIN_TOKEN").env_remove("NO_COLOR").stdin(Stdio::null());
    command
}

/// Runs the program to its end.
pub(crate) fn run(words: &[&str]) -> Ran {
    finish(hunt_load().args(words))
}

/// Runs a command to its end, which must come.
pub(crate) fn finish(command: &mut Command) -> Ran {
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    finished(child.expect("the program is there"))
}

/// Waits for the end of a child, which must come.
pub(crate) fn finished(child: Child) -> Ran {
    let pid = child.id();
    let (done, ends) = mpsc::channel::<()>();
    let guard = thread::spawn(move || {
        if ends.recv_timeout(END_MAX) == Err(mpsc::RecvTimeoutError::Timeout) {
            let _ = Command::new("kill").args(["-9", &pid.to_string()]).status();
            panic!("it did not end");
        }
    });
    let output = child.wait_with_output().expect("it can be waited for");
    drop(done);
    guard.join().expect("it ended in time");
    Ran::of(output)
}

/// What came of a run.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ran {
    fn of(output: Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).expect("UTF-8"),
            stderr: String::from_utf8(output.stderr).expect("UTF-8"),
        }
    }

    /// Standard output as JSON.
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

/// How a server misbehaves on a connection.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Manner {
    /// It takes requests and says nothing.
    Stalls,
    /// It answers with what is no HTTP.
    Garbage,
    /// It reads a request and hangs up.
    ClosesEarly,
    /// It answers every request with 500.
    Fails,
}

/// A server that misbehaves, until it is dropped.
pub(crate) struct Fake {
    pub(crate) url: String,
    address: SocketAddr,
    ends: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Fake {
    pub(crate) fn start(manner: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let address = listener.local_addr().expect("it is bound");
        let ends = Arc::new(AtomicBool::new(false));
        let end = Arc::clone(&ends);
        let accept = move || {
            for socket in listener.incoming() {
                if end.load(Ordering::SeqCst) {
                    return;
                }
                let Ok(socket) = socket else { return };
                thread::spawn(move || behave(socket, manner));
            }
        };
        let thread = Some(thread::spawn(accept));
        Self { url: format!("http://{address}"), address, ends, thread }
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        self.ends.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(self.address);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn behave(mut socket: TcpStream, manner: Manner) {
    let mut read = [0; 4096];
    while socket.read(&mut read).is_ok_and(|count| count > 0) {
        let answer: &[u8] = match manner {
            Manner::Stalls => b"",
            Manner::Garbage => b"\x16\x03\x01 this is no HTTP\r\n\r\n",
            Manner::ClosesEarly => return,
            Manner::Fails => b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n",
        };
        if socket.write_all(answer).is_err() {
            return;
        }
    }
}

/// An address at which nobody listens.
pub(crate) fn nobody() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    format!("http://{}", listener.local_addr().expect("it is bound"))
}

/// A null server in a process of its own; killed when it is dropped.
pub(crate) struct Null {
    pub(crate) child: Child,
    pub(crate) url: String,
}

impl Null {
    pub(crate) fn start(words: &[&str]) -> Self {
        let mut command = hunt_load();
        command.args(["null", "--listen", "127.0.0.1:0"]).args(words).stdout(Stdio::piped());
        let mut child = command.spawn().expect("the program is there");
        let mut line = String::new();
        let mut byte = [0];
        let stdout = child.stdout.as_mut().expect("it is piped");
        while stdout.read(&mut byte).is_ok_and(|count| count == 1) && byte != *b"\n" {
            line.push(char::from(byte[0]));
        }
        let url = line.strip_prefix("listening: ").expect("it says where").to_owned();
        Self { child, url }
    }
}

impl Drop for Null {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
