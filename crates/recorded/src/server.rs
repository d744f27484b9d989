//! The recording as a JSON-RPC node over HTTP.
use crate::RecordedError;
use crate::answer::{Reply, RpcError, answer};
use crate::chain::Chain;
use crate::faults::Faulty;
use crate::news::{self, NewsFault};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use futures::future::BoxFuture;
use futures::stream;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// As nodes have it.
const MAX_REQUEST: usize = 50 * 1024;

/// A question, as a [`Fault`] sees it.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    pub method: String,
    pub params: Vec<Value>,
    /// How often the same method with the same parameters was asked before.
    pub attempt: u32,
}

/// Gets every question with the honest reply, and gives the reply that is sent: another one, or the same later, or never.
pub type Fault = Arc<dyn Fn(Call, Reply) -> BoxFuture<'static, Reply> + Send + Sync>;

/// A node that answers from a recording until it is dropped.
pub struct Server {
    address: SocketAddr,
    news: SocketAddr,
    tasks: [JoinHandle<()>; 2],
    /// Ends all websocket connections.
    hang_up: watch::Sender<()>,
}

struct Node {
    chain: Arc<Chain>,
    fault: Option<Fault>,
    asked: Mutex<HashMap<String, u32>>,
}

impl Server {
    /// Listens on a free port of this machine and tells the truth.
    ///
    /// # Errors
    /// No port can be had.
    pub async fn start(chain: Arc<Chain>) -> Result<Self, RecordedError> {
        Self::start_at(chain, None, SocketAddr::from(([127, 0, 0, 1], 0))).await
    }

    /// [`start`](Self::start), with faults.
    ///
    /// # Errors
    /// No port can be had.
    pub async fn start_with(chain: Arc<Chain>, fault: Fault) -> Result<Self, RecordedError> {
        Self::start_at(chain, Some(fault), SocketAddr::from(([127, 0, 0, 1], 0))).await
    }

    /// A node with all faults of its seed, those of its news too.
    ///
    /// # Errors
    /// No port can be had.
    pub async fn start_faulty(node: &Arc<Faulty>) -> Result<Self, RecordedError> {
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        Self::start_all(node.truth(), Some(node.fault()), Some(node.news_fault()), any).await
    }

    /// On an address of the caller's choice: a node that was away and comes back.
    ///
    /// # Errors
    /// The address is not to be had.
    pub async fn start_at(chain: Arc<Chain>, fault: Option<Fault>, at: SocketAddr) -> Result<Self, RecordedError> {
        Self::start_all(chain, fault, None, at).await
    }

    async fn start_all(
        chain: Arc<Chain>,
        fault: Option<Fault>,
        news_fault: Option<NewsFault>,
        at: SocketAddr,
    ) -> Result<Self, RecordedError> {
        let fail = |source| RecordedError::Listen { address: at.to_string(), source };
        let listener = TcpListener::bind(at).await.map_err(fail)?;
        let address = listener.local_addr().map_err(fail)?;
        let callers = TcpListener::bind((at.ip(), 0)).await.map_err(fail)?;
        let news = callers.local_addr().map_err(fail)?;
        let (hang_up, hung_up) = watch::channel(());
        let told = tokio::spawn(news::serve(callers, Arc::clone(&chain), news_fault, hung_up));
        let node = Arc::new(Node { chain, fault, asked: Mutex::default() });
        let router = Router::new().fallback(post).layer(DefaultBodyLimit::max(MAX_REQUEST)).with_state(node);
        let task = tokio::spawn(async move {
            // Ends only with the task.
            let _ = axum::serve(listener, router).await;
        });
        Ok(Server { address, news, tasks: [task, told], hang_up })
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn ws_url(&self) -> String {
        format!("ws://{}", self.news)
    }

    /// Ends all websocket connections; new ones can be made.
    pub fn hang_up(&self) {
        self.hang_up.send_replace(());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
        self.hang_up();
    }
}

#[derive(Deserialize)]
struct Request {
    #[serde(default)]
    id: Value,
    method: String,
    params: Option<Vec<Value>>,
}

async fn post(State(node): State<Arc<Node>>, body: Bytes) -> Response {
    let parsed: Result<Value, _> = serde_json::from_slice(&body);
    match parsed {
        Ok(Value::Array(batch)) => {
            let mut replies = vec![b'['];
            for request in batch {
                let reply = match node.answer(request).await {
                    (id, reply @ (Reply::Result(_) | Reply::Error(_))) => envelope(&id, &reply),
                    // What is no JSON-RPC is the answer to the whole batch.
                    (id, reply) => return respond(&id, reply),
                };
                if replies.len() > 1 {
                    replies.push(b',');
                }
                replies.extend(reply);
            }
            replies.push(b']');
            json_response(replies.into())
        }
        Ok(request) => {
            let (id, reply) = node.answer(request).await;
            respond(&id, reply)
        }
        Err(_) => respond(&Value::Null, Reply::Error(error(-32700, "Parse error"))),
    }
}

fn error(code: i64, message: &str) -> RpcError {
    RpcError { code, message: message.into(), data: None }
}

impl Node {
    async fn answer(&self, request: Value) -> (Value, Reply) {
        let Ok(Request { id, method, params }) = serde_json::from_value(request) else {
            return (Value::Null, Reply::Error(error(-32600, "Invalid request")));
        };
        let params = params.unwrap_or_default();
        let honest = answer(&self.chain, &method, &params);
        let Some(fault) = &self.fault else { return (id, honest) };
        let attempt = self.attempt(&method, &params);
        (id, fault(Call { method, params, attempt }, honest).await)
    }

    fn attempt(&self, method: &str, params: &[Value]) -> u32 {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        let count = asked.entry(json!([method, params]).to_string()).or_default();
        *count += 1;
        *count - 1
    }
}

fn envelope(id: &Value, reply: &Reply) -> Vec<u8> {
    match reply {
        Reply::Result(result) => {
            let head = format!(r#"{{"jsonrpc":"2.0","id":{id},"result":"#);
            [head.as_bytes(), result, b"}"].concat()
        }
        Reply::Error(RpcError { code, message, data }) => {
            let mut error = json!({ "code": code, "message": message });
            if let Some(data) = data {
                error["data"] = data.clone();
            }
            json!({ "jsonrpc": "2.0", "id": id, "error": error }).to_string().into_bytes()
        }
        Reply::Http { body, .. } | Reply::Broken(body) => body.to_vec(),
    }
}

fn json_response(body: Body) -> Response {
    let mut response = Response::new(body);
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

fn respond(id: &Value, reply: Reply) -> Response {
    match reply {
        Reply::Http { status, headers, body } => {
            let mut response = Response::new(Body::from(body));
            *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            for (name, value) in headers {
                if let Ok(value) = value.parse() {
                    response.headers_mut().insert(name, value);
                }
            }
            response
        }
        Reply::Broken(begun) => {
            let parts = [Ok(begun), Err(std::io::Error::other("broken on purpose"))];
            json_response(Body::from_stream(stream::iter(parts)))
        }
        reply => json_response(envelope(id, &reply).into()),
    }
}
