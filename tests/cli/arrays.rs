//! Arrays as the real NumPy writes and reads them, and rows as scikit-learn reads libsvm: a server with both answers.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use crate::support::{Run, test_python};

/// Answers by path: an array doubled, in Fortran order and big-endian; the first column of libsvm rows; scores of rows.
const SERVER: &str = r#"
import io, json
from http.server import BaseHTTPRequestHandler, HTTPServer
import numpy as np
from sklearn.datasets import load_svmlight_file

class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.answer("text/plain", b"")

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers["Content-Type"] == "application/x-npy":
            rows = np.load(io.BytesIO(body), allow_pickle=False)
            assert rows.flags["C_CONTIGUOUS"], rows.flags
            out = io.BytesIO()
            np.save(out, np.asfortranarray(rows.astype(rows.dtype.newbyteorder(">")) * 2))
            return self.answer("application/x-npy", out.getvalue())
        rows, labels = load_svmlight_file(io.BytesIO(body), n_features=3, zero_based=False)
        assert not labels.any(), labels
        self.answer("application/json", json.dumps(rows.toarray()[:, 0].tolist()).encode())

    def answer(self, kind, body):
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass

server = HTTPServer(("127.0.0.1", 0), Handler)
print(server.server_port, flush=True)
server.serve_forever()
"#;

struct Server(Child, String);

impl Server {
    fn start() -> Self {
        let mut command = Command::new(test_python());
        let mut process = command.args(["-c", SERVER]).stdout(Stdio::piped()).spawn().expect("Python starts");
        let mut port = String::new();
        BufReader::new(process.stdout.take().expect("piped")).read_line(&mut port).expect("readable");
        Self(process, format!("http://127.0.0.1:{}", port.trim()))
    }

    fn test(&self, cases: &str) -> Run {
        Run::new("test --model-url").with(&self.1).file("test/cases.yml", cases)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        _ = self.0.kill();
        _ = self.0.wait();
    }
}

/// What NumPy writes of an expression.
fn saved(expression: &str) -> Vec<u8> {
    let script = format!("import sys, numpy as np; np.save(sys.stdout.buffer, {expression})");
    let output = Command::new(test_python()).args(["-c", &script]).output().expect("Python starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

const ARRAY: &str = "version: 1
defaults: {content_type: application/x-npy, accept: application/x-npy}
cases:
  - name: doubled
    body_npy: {type: float32, values: [[0.1, -2, 3], [4, 5, 6]]}
    expect:
      content_type: application/x-npy
      npy: {shape: [null, 3], type: float32, max: 12, values: [[0.2, -4, 6], [8, 10, 12]]}
      vectors: [{length: 3, cosine: {to: [4, 5, 6], min: -1}}]
  - name: of a file
    body_file: rows.npy
    expect: {npy: {file: twice.npy}}
";

#[test]
fn arrays_of_numpy_are_sent_and_judged() {
    let server = Server::start();
    let every = "np.arange(24).reshape(2, 3, 4).astype";
    for kind in
        ["int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float16", "float32", "float64"]
    {
        let run = server.test(ARRAY).file("test/rows.npy", saved(&format!("{every}('{kind}')")));
        run.file("test/twice.npy", saved(&format!("{every}('{kind}') * 2"))).run().succeeds();
    }
    let test = server.test(&ARRAY.replace("[8, 10, 12]", "[8, 10, 13]")).file("test/rows.npy", saved("np.ones(2)"));
    let outcome = test.file("test/twice.npy", saved("np.array([2, np.nan])")).run().exits(3);
    outcome.says(&[
        "doubled: expected 13 at [1, 2] of the array, got 12",
        "of a file: expected NaN at [1] of the array, got 2",
    ]);
    let wrong = ARRAY.replace("npy: {shape", "npy: {shap").replace("length: 3", "lenght: 3");
    let outcome = server.test(&wrong).run().exits(2);
    outcome.says(&["did you mean \"shape\"?", "did you mean \"length\"?"]);
}

#[test]
fn rows_go_out_as_npy_and_as_libsvm_and_are_read_back() {
    let server = Server::start();
    let npy = "version: 1
defaults: {content_type: application/x-npy, accept: application/x-npy}
cases:
  - name: holdout
    dataset: {file: rows.csv, label: y, dtype: float32, batch_size: 2, prediction: {column: 1}, gates: {rmse: {max: 0}}}
";
    let rows = "a,b,y\n1,2,4\n3,4,8\n5,6.5,13\n";
    server.test(npy).file("test/rows.csv", rows).run().succeeds();
    let with_text = server.test(npy).file("test/rows.csv", "a,b,y\n1,red,4\n");
    with_text.run().exits(2).says(&["cannot be sent as npy", "holds numbers, and a row has \"red\""]);

    let libsvm = "version: 1
cases:
  - name: holdout
    content_type: text/libsvm
    dataset: {file: rows.libsvm, task: regression, batch_size: 2, prediction: '$[*]', gates: {rmse: {max: 0}}}
  - name: ranking
    content_type: text/libsvm
    dataset: {file: rows.libsvm, task: ranking, batch_size: 3, prediction: '$[*]', k: 1, gates: {ndcg: {min: 1}, hit_rate: {max: 0.5}}}
";
    let rows = "1 qid:1 1:1 3:0.5\n2 qid:1 1:2\n0 qid:2 2:7 # nothing\n";
    server.test(libsvm).file("test/rows.libsvm", rows).run().exits(3).says(&["expected ndcg at least 1, got 0.5"]);
    let dense = libsvm.replace("text/libsvm", "application/x-npy");
    let refused = server.test(&dense).file("test/rows.libsvm", rows).run().exits(2);
    refused.says(&["say with dataset.n_features how many features a row has, or send text/libsvm"]);
    let dense = dense.replace("file: rows", "n_features: 3, file: rows").replace("'$[*]'", "{column: 0}");
    let outcome = server.test(&dense).file("test/rows.libsvm", rows).run().exits(3);
    outcome.says(&["expected rmse at most 0, got "]);
}

#[test]
fn answers_to_one_request_are_compared() {
    let server = Server::start();
    let cases = "version: 1
cases:
  - name: the same
    content_type: text/libsvm
    body: '0 1:5'
    repeat: 3
    concurrency: 2
    expect: {repeats: [{same: true}, {path: '$[*]', spread: 0}]}
";
    server.test(cases).run().succeeds();
    let alone = server.test(&cases.replace("repeat: 3", "repeat: 1")).run().exits(2);
    alone.says(&["has expect.repeats, which compares the answers to one request\nhint: add a repeat of 2 or more"]);
}
