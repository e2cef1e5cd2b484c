//! Many requests and their answers at once: over a few connections, several requests in a row on
//! each. For setting up only; nothing is measured here.

use super::WorldError;
use crate::errors::shown;
use crate::http::Reader;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::thread;
use std::time::Duration;

/// Connections at once.
const CONNECTIONS: usize = 16;
/// Requests in a row on one of them: less than any server's limit.
const IN_A_ROW: usize = 16;
/// Bytes of requests in a row; more go one by one.
const BYTES_IN_A_ROW: usize = 64 * 1024;
/// For how long a connection or an answer is waited for.
const PATIENCE: Duration = Duration::from_secs(10);

/// An answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The body.
    pub body: Vec<u8>,
}

impl Answer {
    /// For people.
    #[must_use]
    pub fn shown(&self) -> String {
        format!("{} {}", self.status, shown(&self.body))
    }
}

/// Sends all requests to one address, and returns their answers in the order of the requests.
///
/// # Errors
/// If one has no answer.
pub fn exchange(to: SocketAddr, requests: &[Vec<u8>]) -> Result<Vec<Answer>, WorldError> {
    let each = requests.len().div_ceil(CONNECTIONS).max(1);
    let mut answers = vec![Answer::default(); requests.len()];
    let unreachable =
        |error: io::Error| WorldError::Unreachable { address: to, why: error.to_string() };
    thread::scope(|scope| {
        let parts = requests.chunks(each).zip(answers.chunks_mut(each));
        let threads: Vec<_> = parts
            .map(|(requests, answers)| scope.spawn(move || on_one(to, requests, answers)))
            .collect();
        threads.into_iter().try_for_each(|thread| {
            thread.join().map_err(|_| io::Error::other("a thread panicked")).flatten()
        })
    })
    .map_err(unreachable)?;
    Ok(answers)
}

/// Looks whether anybody is there.
pub(super) fn reach(to: SocketAddr) -> Result<(), WorldError> {
    let reached = TcpStream::connect_timeout(&to, PATIENCE);
    let why = |error: io::Error| WorldError::Unreachable { address: to, why: error.to_string() };
    reached.map(drop).map_err(why)
}

/// All of these on one connection.
fn on_one(to: SocketAddr, requests: &[Vec<u8>], answers: &mut [Answer]) -> io::Result<()> {
    let mut line = Line::connect(to)?;
    let mut at = 0;
    while at < requests.len() {
        let row = in_a_row(&requests[at..]);
        let together = requests[at..at + row].concat();
        line.stream.write_all(&together)?;
        for answer in &mut answers[at..at + row] {
            *answer = line.answer()?;
        }
        at += row;
        if !line.keeps && at < requests.len() {
            line = Line::connect(to)?;
        }
    }
    Ok(())
}

/// How many of these are sent before an answer is waited for.
fn in_a_row(requests: &[Vec<u8>]) -> usize {
    let mut bytes = 0;
    let fits = |request: &&Vec<u8>| {
        bytes += request.len();
        bytes <= BYTES_IN_A_ROW
    };
    requests.iter().take(IN_A_ROW).take_while(fits).count().max(1)
}

struct Line {
    stream: TcpStream,
    input: Vec<u8>,
    reader: Reader,
    keeps: bool,
}

impl Line {
    fn connect(to: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect_timeout(&to, PATIENCE)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        Ok(Self { stream, input: Vec::new(), reader: Reader::default(), keeps: true })
    }

    fn answer(&mut self) -> io::Result<Answer> {
        let mut chunk = [0; 16 * 1024];
        let mut ended = false;
        loop {
            let read = self.reader.read(&self.input, ended);
            let read = read.map_err(|error| io::Error::new(ErrorKind::InvalidData, error))?;
            if let Some(response) = read {
                let answer = Answer { status: response.status, body: response.body.to_vec() };
                let length = response.length;
                self.keeps = response.keeps;
                self.input.drain(..length);
                return Ok(answer);
            }
            if ended {
                return Err(ErrorKind::UnexpectedEof.into());
            }
            let count = match self.stream.read(&mut chunk) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    return Err(ErrorKind::TimedOut.into());
                }
                read => read?,
            };
            ended = count == 0;
            self.input.extend_from_slice(&chunk[..count]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    /// Answers every request, which ends with an empty line, with its target; the connection ends
    /// after so many.
    fn echo(listener: TcpListener, closes_after: usize) {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            thread::spawn(move || {
                let (mut input, mut chunk) = (Vec::new(), [0; 4096]);
                for number in 1..=closes_after {
                    let end = loop {
                        if let Some(end) = memchr::memmem::find(&input, b"\r\n\r\n") {
                            break end;
                        }
                        match stream.read(&mut chunk) {
                            Ok(0) | Err(_) => return,
                            Ok(count) => input.extend_from_slice(&chunk[..count]),
                        }
                    };
                    let head = String::from_utf8(input.drain(..end + 4).collect()).unwrap();
                    let target = head.split(' ').nth(1).unwrap();
                    let close = if number == closes_after { "Connection: close\r\n" } else { "" };
                    let answer = format!(
                        "HTTP/1.1 200 OK\r\n{close}Content-Length: {}\r\n\r\n{target}",
                        target.len()
                    );
                    if stream.write_all(answer.as_bytes()).is_err() {
                        return;
                    }
                }
            });
        }
    }

    #[test]
    fn answers_come_in_the_order_of_the_requests() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let to = listener.local_addr().unwrap();
        thread::spawn(move || echo(listener, IN_A_ROW));
        let request = |n| crate::http::Request::new("GET", &format!("/{n}"), "h").bytes();
        let requests: Vec<_> = (0..1_000).map(request).collect();
        let answers = exchange(to, &requests).unwrap();
        for (number, answer) in answers.iter().enumerate() {
            assert_eq!((answer.status, &answer.body[..]), (200, format!("/{number}").as_bytes()));
        }
        assert_eq!(exchange(to, &[]).unwrap(), []);
    }

    #[test]
    fn nobody_there_is_an_error_with_the_remedy() {
        let to = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let error = exchange(to, &[b"x".to_vec()]).unwrap_err().to_string();
        assert!(error.contains("hunt-server serve --demo"), "{error}");
        assert!(reach(to).is_err());
    }
}
