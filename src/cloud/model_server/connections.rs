//! Connections that stay open from one request to the next.
//!
//! Where a load measures a server, the client must not be what is measured: a connection goes back as soon as its answer was
//! read, and nothing else happens between two requests.

use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError};

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1::{self, SendRequest};
use hyper::{Request, Response, Uri};

use super::connection::Connector;

/// Sends requests over one connection, one after the other.
pub(super) type Sender = SendRequest<Full<Bytes>>;

#[derive(Debug)]
pub(super) struct Connections {
    connector: Connector,
    idle: Arc<Mutex<Vec<Sender>>>,
}

/// A connection is free again a turn or two of the runtime after the end of its answer.
const TURNS: usize = 4;

impl Connections {
    pub(super) fn new(proxy: Option<Uri>) -> Self {
        Self { connector: Connector::new(proxy), idle: Arc::default() }
    }

    /// Sends one request; who has read the whole answer keeps the connection.
    pub(super) async fn send(
        &self,
        uri: &Uri,
        mut request: Request<Full<Bytes>>,
    ) -> Result<(Response<Incoming>, Sender), Box<dyn Error + Send + Sync>> {
        // A proxy is told the host, too (RFC 9112, section 3.2).
        let path = uri.path_and_query().filter(|_| !self.connector.is_by_proxy());
        *request.uri_mut() = path.map_or_else(|| uri.clone(), |path| Uri::from(path.clone()));
        loop {
            let kept = self.kept().await;
            let is_kept = kept.is_some();
            let mut sender = match kept {
                Some(sender) => sender,
                None => self.open(uri).await?,
            };
            match sender.try_send_request(request).await {
                Ok(response) => return Ok((response, sender)),
                // The server closed it in this moment, and has not seen the request.
                Err(mut error) => match error.take_message() {
                    Some(unsent) if is_kept => request = unsent,
                    _ => return Err(error.into_error().into()),
                },
            }
        }
    }

    /// Keeps a connection for the next request. One whose request the server did not read to its end is never free again.
    pub(super) fn keep(&self, mut sender: Sender) {
        if sender.is_ready() {
            return put(&self.idle, sender);
        }
        let idle = Arc::clone(&self.idle);
        tokio::spawn(async move {
            if sender.ready().await.is_ok() {
                put(&idle, sender);
            }
        });
    }

    /// A connection that is free, as far as is known here.
    async fn kept(&self) -> Option<Sender> {
        for _ in 0..TURNS {
            while let Some(sender) = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop() {
                if sender.is_ready() {
                    return Some(sender);
                }
            }
            tokio::task::yield_now().await;
        }
        None
    }

    async fn open(&self, uri: &Uri) -> Result<Sender, Box<dyn Error + Send + Sync>> {
        let (sender, connection) = http1::handshake(self.connector.connect(uri).await?).await?;
        // What goes wrong, the request that is under way is told.
        tokio::spawn(async move { _ = connection.await });
        Ok(sender)
    }
}

fn put(idle: &Mutex<Vec<Sender>>, sender: Sender) {
    idle.lock().unwrap_or_else(PoisonError::into_inner).push(sender);
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;

    /// Answers so many requests over each connection, then closes it; says how many connections there were.
    async fn sent(requests: usize, answers: usize) -> usize {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let uri: Uri = format!("http://{}/a?b", listener.local_addr().expect("an address")).parse().expect("a URI");
        let server = async {
            for opened in 1.. {
                let (mut stream, _) = listener.accept().await.expect("a connection");
                for _ in 0..answers {
                    let mut head = [0; 1024];
                    let length = stream.read(&mut head).await.expect("a request");
                    assert!(
                        head.starts_with(b"POST /a?b HTTP/1.1\r\n"),
                        "{}",
                        String::from_utf8_lossy(&head[..length])
                    );
                    stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").await.expect("sent");
                }
                if opened * answers >= requests {
                    return opened;
                }
            }
            0
        };
        let client = async {
            let connections = Connections::new(None);
            for _ in 0..requests {
                let request = Request::post("/").body(Full::default()).expect("a request");
                let (response, connection) = connections.send(&uri, request).await.expect("an answer");
                assert_eq!(response.into_body().collect().await.expect("a body").to_bytes(), "ok");
                connections.keep(connection);
            }
        };
        tokio::join!(server, client).0
    }

    #[tokio::test]
    async fn requests_one_after_the_other_share_a_connection() {
        assert_eq!(sent(5, 5).await, 1);
    }

    #[tokio::test]
    async fn a_connection_that_the_server_closed_meanwhile_fails_no_request() {
        assert_eq!(sent(5, 1).await, 5);
    }

    #[tokio::test]
    async fn a_request_that_is_refused_before_its_end_holds_up_no_other() {
        const REFUSAL: &[u8] = b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok";
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let uri: Uri = format!("http://{}/", listener.local_addr().expect("an address")).parse().expect("a URI");
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                _ = stream.read(&mut [0; 4096]).await;
                _ = stream.write_all(REFUSAL).await;
            }
        });
        let connections = Connections::new(None);
        for _ in 0..20 {
            let request = Request::post("/").body(Full::from(vec![0; 4_800_000])).expect("a request");
            let answered = async {
                let (response, connection) = connections.send(&uri, request).await.expect("an answer");
                assert_eq!(response.into_body().collect().await.expect("a body").to_bytes(), "ok");
                connections.keep(connection);
            };
            tokio::time::timeout(std::time::Duration::from_secs(10), answered).await.expect("an answer in time");
        }
    }
}
