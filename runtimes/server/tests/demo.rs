//! `serve --demo`: what it prints works when it is pasted.
#![expect(clippy::unwrap_used, reason = "what is not there fails the test")]

mod support;

use std::net::TcpStream;
use std::process::{Command, Stdio};
use support::{Client, Server};
use tungstenite::Message;
use tungstenite::client::IntoClientRequest;

fn has(program: &str) -> bool {
    let run = Command::new(program).arg("--version").stdout(Stdio::null()).status();
    run.is_ok_and(|status| status.success())
}

/// Runs a printed line as a shell would; where there is no curl, its request is sent by hand.
fn paste(server: &Server, line: &str) -> String {
    if has("curl") && has("sed") {
        let output = Command::new("sh").arg("-c").arg(line).output().unwrap();
        assert!(output.status.success(), "{line}: {output:?}");
        return String::from_utf8(output.stdout).unwrap();
    }
    let words = words_of(line);
    let after = |flag: &str| {
        let place = words.iter().position(|word| word == flag);
        place.map_or("", |place| words[place + 1].as_str())
    };
    let url = words.iter().find_map(|word| word.strip_prefix("http://")).unwrap();
    let (authority, path) = url.split_once('/').unwrap();
    let method = match (after("-X"), after("-d")) {
        ("", "") => "GET",
        ("", _) => "POST",
        (method, _) => method,
    };
    let token = words.iter().find_map(|word| word.strip_prefix("authorization: Bearer "));
    let path = format!("/{path}");
    let bytes = support::request(method, &path, token.unwrap_or_default(), after("-d"));
    assert!([server.public, server.admin].contains(&authority.parse().unwrap()));
    let mut client = Client::connect(authority.parse().unwrap()).unwrap();
    client.call(&bytes).unwrap().body
}

/// The words of a line whose quotes are single ones.
fn words_of(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    for (place, part) in line.split('\'').enumerate() {
        if place % 2 == 1 {
            words.last_mut().unwrap().push_str(part);
            continue;
        }
        for (place, word) in part.split(' ').enumerate() {
            if place > 0 {
                words.push(String::new());
            }
            words.last_mut().unwrap().push_str(word);
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

#[test]
fn the_printed_lines_work_as_they_are() {
    let server = Server::start(&["serve", "--demo"]);
    let lines = server.invitation();
    let curls: Vec<_> = lines.iter().filter(|line| line.starts_with("curl ")).collect();
    assert_eq!(curls.len(), 4, "{lines:#?}");
    let resolved: serde_json::Value = serde_json::from_str(&paste(&server, curls[0])).unwrap();
    assert_eq!(resolved["outcome"], "claimed");
    assert_eq!(resolved["loot"]["item"], "brass-bell");
    let again: serde_json::Value = serde_json::from_str(&paste(&server, curls[0])).unwrap();
    assert_eq!(again["outcome"], "already_claimed");
    if has("curl") && has("sed") {
        let join = lines.iter().find(|line| line.starts_with("SESSION=")).unwrap();
        let joined: serde_json::Value = serde_json::from_str(&paste(&server, join)).unwrap();
        assert_eq!(
            (joined["outcome"].as_str(), joined["rank"].as_u64()),
            (Some("claimed"), Some(2))
        );
    }
    let board: serde_json::Value = serde_json::from_str(&paste(&server, curls[1])).unwrap();
    assert_eq!(board["rows"][0]["name"], "Demo");
    let started: serde_json::Value = serde_json::from_str(&paste(&server, curls[2])).unwrap();
    assert_eq!((started["hunt"].as_str(), started["round"].as_u64()), (Some("mine"), Some(1)));
    assert!(paste(&server, curls[3]).contains("\nhunt_hunts{state=\"running\"} 4\n"));
    server.end();
}

#[test]
fn the_printed_websocket_address_plays() {
    for runtime in ["tokio", "tokio-per-core"] {
        for arena in ["bump", "heap"] {
            let server = Server::start(&["--demo", "--runtime", runtime, "--arena", arena]);
            let lines = server.invitation();
            let line = lines.iter().find(|line| line.starts_with("npx ")).unwrap();
            let words = words_of(line);
            let url = words.iter().find(|word| word.starts_with("ws://")).unwrap();
            let protocol = &words[words.iter().position(|word| word == "-s").unwrap() + 1];
            let mut request = url.as_str().into_client_request().unwrap();
            let field = tungstenite::http::HeaderValue::from_str(protocol).unwrap();
            request.headers_mut().insert("Sec-WebSocket-Protocol", field);
            let stream = TcpStream::connect(server.public).unwrap();
            stream.set_read_timeout(Some(support::PATIENCE)).unwrap();
            let (mut socket, response) = tungstenite::client(request, stream).unwrap();
            assert_eq!(response.headers()["Sec-WebSocket-Protocol"], protocol.as_str());
            let play = r#"{"seq":7,"move":{"x":0,"y":1,"z":0}}"#;
            socket.send(Message::text(play)).unwrap();
            let (mut frames, mut moved) = (0, false);
            while frames < 3 || !moved {
                let text = socket.read().unwrap().into_text().unwrap();
                let event: serde_json::Value = serde_json::from_str(&text).unwrap();
                frames += usize::from(event.get("frame").is_some());
                moved |= event["moved"]["seq"] == 7 && event["moved"]["outcome"] == "moved";
            }
            drop(socket);
            server.end();
        }
    }
}
