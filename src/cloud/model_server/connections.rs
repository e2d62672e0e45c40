//! Connections that stay open from one request to the next.
//!
//! Where a load measures a server, the client must not be what is measured: a connection is driven by the request that it
//! carries, with no task of its own to be woken, and goes back as soon as its answer was read.

use std::error::Error;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1::{self, SendRequest};
use hyper::{Request, Response, Uri};

use super::connection::{Connector, Patient};

type Driver = http1::Connection<Patient, Full<Bytes>>;

/// Sends requests, one after the other, as long as somebody waits for what comes of them.
#[derive(Debug)]
pub(super) struct Connection {
    sender: SendRequest<Full<Bytes>>,
    /// None once it is closed.
    driver: Option<Pin<Box<Driver>>>,
}

impl Connection {
    /// What comes of `work` on this connection. What goes wrong with the connection, the work is told.
    pub(super) async fn drive<T>(&mut self, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        poll_fn(|context| {
            if let Poll::Ready(done) = work.as_mut().poll(context) {
                return Poll::Ready(done);
            }
            self.progress(context);
            work.as_mut().poll(context)
        })
        .await
    }

    fn progress(&mut self, context: &mut Context<'_>) {
        if self.driver.as_mut().is_some_and(|driver| driver.as_mut().poll(context).is_ready()) {
            self.driver = None;
        }
    }

    /// Whether it takes another request. One whose request the server did not read to its end never does.
    fn is_free(&mut self) -> bool {
        self.progress(&mut Context::from_waker(Waker::noop()));
        self.driver.is_some() && self.sender.is_ready()
    }
}

#[derive(Debug)]
pub(super) struct Connections {
    connector: Connector,
    idle: Arc<Mutex<Vec<Connection>>>,
}

impl Connections {
    pub(super) fn new(proxy: Option<Uri>) -> Self {
        Self { connector: Connector::new(proxy), idle: Arc::default() }
    }

    /// Sends one request; who has read the whole answer keeps the connection.
    pub(super) async fn send(
        &self,
        uri: &Uri,
        mut request: Request<Full<Bytes>>,
    ) -> Result<(Response<Incoming>, Connection), Box<dyn Error + Send + Sync>> {
        // A proxy is told the host, too (RFC 9112, section 3.2).
        let path = uri.path_and_query().filter(|_| !self.connector.is_by_proxy());
        *request.uri_mut() = path.map_or_else(|| uri.clone(), |path| Uri::from(path.clone()));
        loop {
            let kept = self.kept();
            let is_kept = kept.is_some();
            let mut connection = match kept {
                Some(connection) => connection,
                None => self.open(uri).await?,
            };
            let response = connection.sender.try_send_request(request);
            match connection.drive(response).await {
                Ok(response) => return Ok((response, connection)),
                // The server closed it in this moment, and has not seen the request.
                Err(mut error) => match error.take_message() {
                    Some(unsent) if is_kept => request = unsent,
                    _ => return Err(error.into_error().into()),
                },
            }
        }
    }

    /// Keeps a connection for the next request.
    pub(super) fn keep(&self, mut connection: Connection) {
        if connection.is_free() {
            self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
        }
    }

    /// A connection that is free, as far as is known here.
    fn kept(&self) -> Option<Connection> {
        loop {
            let mut kept = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop()?;
            if kept.is_free() {
                return Some(kept);
            }
        }
    }

    async fn open(&self, uri: &Uri) -> Result<Connection, Box<dyn Error + Send + Sync>> {
        let (sender, driver) = http1::handshake(self.connector.connect(uri).await?).await?;
        Ok(Connection { sender, driver: Some(Box::pin(driver)) })
    }
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
                let (response, mut connection) = connections.send(&uri, request).await.expect("an answer");
                let body = connection.drive(response.into_body().collect()).await;
                assert_eq!(body.expect("a body").to_bytes(), "ok");
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
                let (response, mut connection) = connections.send(&uri, request).await.expect("an answer");
                let body = connection.drive(response.into_body().collect()).await;
                assert_eq!(body.expect("a body").to_bytes(), "ok");
                connections.keep(connection);
            };
            tokio::time::timeout(std::time::Duration::from_secs(10), answered).await.expect("an answer in time");
        }
    }
}
