//! The server on a database that the indexer filled.
#![allow(dead_code)] // Each test binary uses its own part.
use crate::support::story::Story;
use crate::support::{Database, FakeChain};
use explorer_api::{Limits, Server, Settings};
use indexer::{Frontier, Round, Store};
use reqwest::{Client, Response, StatusCode};
use serde_json::Value;
use sqlx::Connection;
use tokio::sync::watch;

pub struct Website {
    pub story: Story,
    pub http: Client,
    base: String,
    frontier: Option<Frontier<FakeChain>>,
    _stop: watch::Sender<bool>,
    database: Database,
}

impl Website {
    /// Indexes the story, of which the first ten slots are finalized, and serves it.
    pub async fn open(story: Story) -> Self {
        Self::open_on(story, Database::start(), None, Limits::default()).await
    }

    pub async fn limited(story: Story, limits: Limits) -> Self {
        Self::open_on(story, Database::start(), None, limits).await
    }

    /// [`open`](Self::open), on this database, read through a replica.
    pub async fn open_on(story: Story, database: Database, replica: Option<String>, limits: Limits) -> Self {
        let store = Store::open(database.url()).await.unwrap();
        story.chain.finalize(10);
        let frontier = Frontier::open(story.chain.clone(), store, None).await.unwrap().unwrap();
        let mut site = Self::serve(story, database, replica, Some(frontier), limits).await;
        site.index().await;
        site
    }

    pub async fn without_index() -> Self {
        Self::serve(Story::new(), Database::start(), None, None, Limits::default()).await
    }

    async fn serve(
        story: Story,
        database: Database,
        replica: Option<String>,
        mut frontier: Option<Frontier<FakeChain>>,
        limits: Limits,
    ) -> Self {
        // The server learns what is final when it starts, and from each notification.
        if let Some(frontier) = &mut frontier {
            advance(frontier).await;
        }
        let bind = "127.0.0.1:0".parse().unwrap();
        let settings = Settings::new(bind, database.url().to_owned());
        let server = Server::bind(Settings { database_read_url: replica, limits, ..settings }).await.unwrap();
        let base = format!("http://{}", server.local_addr());
        let (stop, stopped) = watch::channel(false);
        tokio::spawn(server.run(stopped));
        let site = Self { story, http: Client::new(), base, frontier, _stop: stop, database };
        if site.frontier.is_some() {
            site.until_live().await;
        }
        site
    }

    /// The head is followed in the background; a heartbeat says that it was read.
    async fn until_live(&self) {
        let mut stream = Stream::open(self, None).await;
        while !stream.next().await.contains("\"state\":\"live\"") {}
    }

    /// Reads what the story added.
    pub async fn index(&mut self) {
        advance(self.frontier.as_mut().unwrap()).await;
    }

    pub fn database_url(&self) -> &str {
        self.database.url()
    }

    /// Changes the database as nothing else does.
    pub async fn execute(&self, sql: &'static str) {
        let mut connection = sqlx::PgConnection::connect(self.database.url()).await.unwrap();
        sqlx::query(sql).execute(&mut connection).await.unwrap();
    }

    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    pub async fn get(&self, path: &str) -> Response {
        self.http.get(self.url(path)).send().await.unwrap()
    }

    pub async fn json(&self, path: &str) -> Value {
        let response = self.get(path).await;
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        response.json().await.unwrap()
    }

    pub async fn problem(&self, path: &str, status: StatusCode) -> Value {
        let response = self.get(path).await;
        assert_eq!(response.status(), status, "{path}");
        assert_eq!(response.headers()["content-type"], "application/problem+json");
        let id = response.headers()["x-request-id"].to_str().unwrap().to_owned();
        let problem: Value = response.json().await.unwrap();
        assert_eq!((&problem["request_id"], &problem["status"]), (&id.into(), &status.as_u16().into()));
        problem
    }
}

async fn advance(frontier: &mut Frontier<FakeChain>) {
    // An error is tried again, as by the daemon.
    while !matches!(frontier.round().await, Ok(Round::AtTip)) {}
}

/// A client of `/v1/events`.
pub struct Stream {
    response: Response,
    buffer: String,
}

impl Stream {
    pub async fn open(site: &Website, last_event_id: Option<&str>) -> Self {
        let mut request = site.http.get(site.url("/v1/events"));
        if let Some(id) = last_event_id {
            request = request.header("last-event-id", id);
        }
        let response = request.send().await.unwrap();
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Self { response, buffer: String::new() }
    }

    /// The next message, whole.
    pub async fn next(&mut self) -> String {
        loop {
            if let Some(end) = self.buffer.find("\n\n") {
                let message = self.buffer[..end].to_owned();
                self.buffer.drain(..end + 2);
                return message;
            }
            let chunk = self.response.chunk().await.unwrap().expect("the stream goes on");
            self.buffer.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    }

    /// The next message that is not a heartbeat.
    pub async fn next_event(&mut self) -> String {
        loop {
            let message = self.next().await;
            if !message.contains("event: heartbeat") {
                return message;
            }
        }
    }
}
