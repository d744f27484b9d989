use crate::queries::{ListQuery, PageQuery};
use crate::types::*;
use futures::stream::{self, Stream, TryStreamExt};
use reqwest::{StatusCode, Url};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::time::Duration;

/// An answer is whole by then or given up.
const LIMIT: Duration = Duration::from_secs(30);

/// Asks one server.
#[derive(Clone, Debug)]
pub struct Client {
    http: reqwest::Client,
    base: Url,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    #[error("{address} is not the address of a server")]
    Address { address: String },
    /// The server says what is wrong.
    #[error("{}: {} (request {})", problem.title, problem.detail, problem.request_id)]
    Refused {
        problem: Box<Problem>,
        /// Of a refusal that only asks to slow down: when to try again.
        retry_after: Option<Duration>,
    },
    /// Neither an answer nor a problem: something that stands before the server spoke.
    #[error("the answer {status} is not of an explorer")]
    Foreign { status: StatusCode },
    #[error("the server does not answer")]
    Unreachable(#[from] reqwest::Error),
}

impl Client {
    /// `base` such as `http://127.0.0.1:8080`.
    ///
    /// # Errors
    /// The address is not one.
    pub fn new(base: &str) -> Result<Self, ClientError> {
        let wrong = || ClientError::Address { address: base.into() };
        let base = Url::parse(base).ok().filter(|url| !url.cannot_be_a_base()).ok_or_else(wrong)?;
        Ok(Self { http: reqwest::Client::builder().timeout(LIMIT).build()?, base })
    }

    /// # Errors
    /// See [`ClientError`].
    pub async fn get<T: DeserializeOwned>(
        &self,
        path: &str,
        query: &(impl Serialize + ?Sized),
    ) -> Result<T, ClientError> {
        let url = self.base.join(path).map_err(|_| ClientError::Address { address: path.into() })?;
        let response = self.http.get(url).query(query).send().await?;
        let status = response.status();
        if status.is_success() {
            return Ok(response.json().await?);
        }
        let retry_after = response.headers().get("retry-after").and_then(|after| after.to_str().ok()?.parse().ok());
        let problem = response.json::<Problem>().await.map_err(|_| ClientError::Foreign { status })?;
        Err(ClientError::Refused { problem: Box::new(problem), retry_after: retry_after.map(Duration::from_secs) })
    }

    /// One page.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn page<Q: ListQuery>(&self, query: &Q) -> Result<Page<Q::Row>, ClientError> {
        self.get(Q::PATH, query).await
    }

    /// Every row from the query's page on, as of the first answer. Pages are asked for as they are needed.
    pub fn rows<Q: ListQuery>(&self, query: Q) -> impl Stream<Item = Result<Q::Row, ClientError>> + use<Q> {
        let client = self.clone();
        let pages = stream::try_unfold(Some(query), move |query| {
            let client = client.clone();
            async move {
                let Some(mut query) = query else { return Ok::<_, ClientError>(None) };
                let page = client.page(&query).await?;
                let next = page.page.next.map(|next| {
                    query.set_cursor(Some(next));
                    query
                });
                Ok(Some((stream::iter(page.data.into_iter().map(Ok)), next)))
            }
        });
        pages.try_flatten()
    }

    /// # Errors
    /// See [`ClientError`].
    pub async fn job(&self, address: &str) -> Result<JobDetail, ClientError> {
        self.get(&format!("/v1/jobs/{address}"), &()).await
    }

    /// # Errors
    /// See [`ClientError`].
    pub async fn device(&self, key: &str) -> Result<DeviceHistory, ClientError> {
        self.get(&format!("/v1/devices/{key}"), &()).await
    }

    /// # Errors
    /// See [`ClientError`].
    pub async fn operator(&self, key: &str) -> Result<OperatorDetail, ClientError> {
        self.get(&format!("/v1/operators/{key}"), &()).await
    }

    /// `page` is of the staker's history.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn staker(&self, key: &str, page: &PageQuery) -> Result<Staker, ClientError> {
        self.get(&format!("/v1/stakers/{key}"), page).await
    }

    /// # Errors
    /// See [`ClientError`].
    pub async fn epoch(&self, index: u64) -> Result<EpochDetail, ClientError> {
        self.get(&format!("/v1/epochs/{index}"), &()).await
    }

    /// `page` is of the votes.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn proposal(&self, number: u64, page: &PageQuery) -> Result<ProposalDetail, ClientError> {
        self.get(&format!("/v1/proposals/{number}"), page).await
    }

    /// # Errors
    /// See [`ClientError`].
    pub async fn transaction(&self, signature: &str) -> Result<Transaction, ClientError> {
        self.get(&format!("/v1/transactions/{signature}"), &()).await
    }

    /// What something is called or where it stands.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn search(&self, text: &str) -> Result<Search, ClientError> {
        self.get("/v1/search", &SearchQuery { q: text.into() }).await
    }

    /// # Errors
    /// See [`ClientError`].
    pub async fn network(&self) -> Result<Network, ClientError> {
        self.get("/v1/network", &()).await
    }

    /// # Errors
    /// See [`ClientError`].
    pub async fn market(&self) -> Result<Market, ClientError> {
        self.get("/v1/market", &()).await
    }

    /// # Errors
    /// See [`ClientError`].
    pub async fn token(&self) -> Result<Token, ClientError> {
        self.get("/v1/tokens/io", &()).await
    }

    /// # Errors
    /// See [`ClientError`].
    pub async fn jobs_series(&self, query: &SeriesQuery) -> Result<Series<JobsPoint>, ClientError> {
        self.get("/v1/series/jobs", query).await
    }

    /// # Errors
    /// See [`ClientError`].
    pub async fn demand_series(&self, query: &SeriesQuery) -> Result<Series<DemandPoint>, ClientError> {
        self.get("/v1/series/demand", query).await
    }

    /// # Errors
    /// See [`ClientError`].
    pub async fn supply_series(&self, query: &SeriesQuery) -> Result<Series<CapacityPoint>, ClientError> {
        self.get("/v1/series/supply", query).await
    }

    /// # Errors
    /// See [`ClientError`].
    pub async fn price_series(&self, query: &SeriesQuery) -> Result<Series<PricePoint>, ClientError> {
        self.get("/v1/series/price", query).await
    }

    /// # Errors
    /// See [`ClientError`].
    pub async fn earnings_series(&self, query: &EarningsQuery) -> Result<Series<EarningsPoint>, ClientError> {
        self.get("/v1/series/earnings", query).await
    }
}
