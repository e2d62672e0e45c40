//! A connection whose answer is read even where the server takes no more of the request.
//!
//! A server may refuse a body by its first bytes, answer, and close without reading on. To write on fails then, while the
//! answer is there to be read: curl does, and a client that gives up at the failed write does not.

use std::io::{Error, ErrorKind, Result};
use std::pin::Pin;
use std::task::{Context, Poll};

use hyper::Uri;
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tower_service::Service;

type ConnectError = <HttpConnector as Service<Uri>>::Error;

/// Connects to the host of a URL, or to a proxy.
#[derive(Clone, Debug)]
pub(super) struct Connector {
    http: HttpConnector,
    proxy: Option<Uri>,
}

impl Connector {
    pub(super) fn new(proxy: Option<Uri>) -> Self {
        let mut http = HttpConnector::new();
        http.set_nodelay(true);
        Self { http, proxy }
    }

    pub(super) fn is_by_proxy(&self) -> bool {
        self.proxy.is_some()
    }

    pub(super) async fn connect(&self, host: &Uri) -> std::result::Result<Patient, ConnectError> {
        let inner = self.http.clone().call(self.proxy.as_ref().unwrap_or(host).clone()).await?;
        Ok(Patient { inner, is_refused: false })
    }
}

/// A connection that goes on reading where writing fails.
pub(super) struct Patient {
    inner: TokioIo<TcpStream>,
    /// The server takes nothing more; whether there is an answer, reading tells.
    is_refused: bool,
}

impl Patient {
    fn written(&mut self, context: &mut Context<'_>, written: Poll<Result<usize>>) -> Poll<Result<usize>> {
        match written {
            Poll::Ready(Err(error)) if is_of_the_other_side(&error) => {
                self.is_refused = true;
                context.waker().wake_by_ref();
                Poll::Pending
            }
            other => other,
        }
    }
}

fn is_of_the_other_side(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::BrokenPipe | ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted)
}

impl Read for Patient {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, buffer: ReadBufCursor<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.inner).poll_read(context, buffer)
    }
}

impl Write for Patient {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<Result<usize>> {
        if self.is_refused {
            return Poll::Pending;
        }
        let written = Pin::new(&mut self.inner).poll_write(context, bytes);
        self.written(context, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[std::io::IoSlice<'_>],
    ) -> Poll<Result<usize>> {
        if self.is_refused {
            return Poll::Pending;
        }
        let written = Pin::new(&mut self.inner).poll_write_vectored(context, parts);
        self.written(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.inner).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        if self.is_refused { Poll::Ready(Ok(())) } else { Pin::new(&mut self.inner).poll_shutdown(context) }
    }
}
