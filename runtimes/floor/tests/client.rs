//! The client against servers whose behaviour is known: figures are right, faults are errors.

use floor::client::Client;
use floor::workload::Workload;
use floor::world::Players;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

const CLAIMED: &str = r#"{"outcome":"claimed","loot":{"item":"coin","points":1},"score":1}"#;

fn response(status: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}

/// A server that answers every request on every connection by `answer`.
fn server(answer: impl Fn(&mut TcpStream) -> bool + Clone + Send + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("it is bound");
    thread::spawn(move || {
        while let Ok((mut socket, _)) = listener.accept() {
            let answer = answer.clone();
            thread::spawn(move || {
                let mut read = [0; 4096];
                // A request of the client comes in one piece.
                while socket.read(&mut read).is_ok_and(|count| count > 0) && answer(&mut socket) {}
            });
        }
    });
    address
}

fn client(address: SocketAddr, connections: u32) -> Client {
    let players = Players::new(16, 1);
    let client = Client::connect(address, connections, Workload::Resolve, &players);
    let mut client = client.expect("the server listens");
    client.patience = Duration::from_millis(300);
    client
}

/// Waits without a sleep: nobody sends.
fn wait(duration: Duration) {
    let (_sender, nothing) = mpsc::channel::<()>();
    let _ = nothing.recv_timeout(duration);
}

#[test]
fn a_known_delay_is_read_back_and_every_answer_is_counted() {
    const DELAY: Duration = Duration::from_millis(20);
    let address = server(|socket| {
        wait(DELAY);
        socket.write_all(response("200 OK", CLAIMED).as_bytes()).is_ok()
    });
    let mut client = client(address, 4);
    client.run_requests(40).unwrap();
    let figures = client.take_figures();
    assert_eq!((figures.answers, figures.latency.len()), (40, 40));
    let (min, max) = (figures.latency.min(), figures.latency.max());
    assert!(min >= 19_900_000, "{min} ns is less than the delay");
    assert!(max < 2_000_000_000, "{max} ns is another delay");
    assert_eq!(client.take_figures().answers, 0);
}

#[test]
fn an_answer_in_pieces_is_one_answer() {
    let address = server(|socket| {
        response("200 OK", CLAIMED).as_bytes().chunks(7).all(|piece| {
            wait(Duration::from_micros(100));
            socket.write_all(piece).is_ok()
        })
    });
    let mut client = client(address, 2);
    client.run_requests(10).unwrap();
    assert_eq!(client.take_figures().answers, 10);
}

#[test]
fn whatever_a_server_does_wrong_is_an_error() {
    let answers = |bytes: String| server(move |socket| socket.write_all(bytes.as_bytes()).is_ok());
    let two = response("200 OK", CLAIMED).repeat(2);
    let claimed_before = r#"{"outcome":"already_claimed","loot":null,"score":1,"rank":1}"#;
    for (address, expected) in [
        (answers(response("200 OK", claimed_before)), "resolve was answered 200"),
        (answers(response("500 Internal Server Error", "")), "resolve was answered 500"),
        (answers("SSH-2.0-OpenSSH_9.6\r\n".into()), "no HTTP response"),
        (answers("HTTP/1.1 200 OK\r\n\r\n".into()), "without a Content-Length"),
        (answers(two), "an answer that nobody asked for"),
        (server(|_| true), "silent for 300ms"),
        (server(|socket| socket.write_all(b"HTTP/1.1 200 OK\r\nCont").is_ok()), "silent for 300ms"),
        (server(|_| false), "the server hung up"),
    ] {
        let mut client = client(address, 1);
        let error = client.run_for(Duration::from_secs(2)).unwrap_err();
        let text = format!("{error:#}");
        assert!(text.contains(expected), "{text} is not {expected}");
    }
}

#[test]
fn nobody_there_is_an_error() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let players = Players::new(1, 1);
    let error = Client::connect(address, 1, Workload::Loot, &players).unwrap_err();
    assert!(format!("{error:#}").contains("cannot be reached"), "{error:#}");
    let error = Client::connect(address, 2, Workload::Loot, &players).unwrap_err();
    assert!(!format!("{error:#}").is_empty());
}
