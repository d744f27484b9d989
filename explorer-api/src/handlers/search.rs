use crate::app::App;
use crate::error::ApiError;
use crate::extract::StrictQuery;
use crate::handlers::{Fresh, fresh};
use crate::store::search::{self, Range};
use axum::extract::State;
use explorer_client::{Hash, Problem, Search, SearchQuery};

/// Longest question: a signature has 88 letters.
const MAX_LETTERS: usize = 128;
/// Fewer letters than these would find almost anything.
const ADDRESS_START: usize = 4;
const ROOT_START: usize = 6;
const NAME_START: usize = 3;

/// Addresses that read so, or begin so: as text they have 43 or 44 letters, and those of either length lie together.
fn addresses(text: &str) -> Vec<Range> {
    let exact = bs58::decode(text).into_vec().ok().filter(|bytes| bytes.len() == 32);
    if let Some(key) = exact {
        let itself = (key.clone(), key);
        // 43 letters may be the beginning of 44.
        let longer = if text.len() < 44 && !text.starts_with('1') { range(text, 44) } else { None };
        return [itself].into_iter().chain(longer).collect();
    }
    // A leading 1 is a leading zero byte: only whole addresses are found by it.
    if text.len() < ADDRESS_START || text.len() > 44 || text.starts_with('1') {
        return Vec::new();
    }
    [43, 44].into_iter().filter_map(|letters| range(text, letters)).collect()
}

fn range(start: &str, letters: usize) -> Option<Range> {
    let rest = letters.checked_sub(start.len())?;
    let number = |last: &str| bs58::decode(format!("{start}{}", last.repeat(rest))).into_vec().ok();
    let whole = |mut bytes: Vec<u8>| {
        let zeros = 32_usize.checked_sub(bytes.len())?;
        bytes.splice(0..0, std::iter::repeat_n(0, zeros));
        Some(bytes)
    };
    // The highest may be past all addresses, the lowest must not.
    Some((whole(number("1")?)?, whole(number("z")?).unwrap_or_else(|| vec![0xff; 32])))
}

fn root(text: &str) -> Option<Range> {
    let hexadecimal = text.bytes().all(|letter| letter.is_ascii_hexdigit());
    if !hexadecimal || !(ROOT_START..=64).contains(&text.len()) {
        return None;
    }
    let filled = |with: &str| format!("{text}{}", with.repeat(64 - text.len())).parse::<Hash>().ok();
    Some((filled("0")?.bytes(), filled("f")?.bytes()))
}

pub async fn search(app: &App, query: &SearchQuery) -> Result<Search, ApiError> {
    let text = query.q.trim();
    if text.is_empty() || text.len() > MAX_LETTERS || text.contains('\0') {
        return Err(ApiError::invalid_parameter("q", format!("expected 1 to {MAX_LETTERS} letters")));
    }
    let finalized = app.head.borrow().finalized_slot;
    let mut found = Search { data: Vec::new(), truncated: false };
    let mut take = |(hits, more): (Vec<_>, bool)| {
        found.data.extend(hits);
        found.truncated |= more;
    };
    if let Ok(number) = text.parse() {
        take(search::numbers(&app.pool, number, finalized).await?);
    }
    if let Some(signature) = bs58::decode(text).into_vec().ok().filter(|bytes| bytes.len() == 64) {
        take(search::transaction(&app.pool, &signature, finalized).await?);
    }
    let ranges = addresses(text);
    if !ranges.is_empty() {
        take(search::addresses(&app.pool, ranges, finalized).await?);
    }
    if let Some(range) = root(text) {
        take(search::models(&app.pool, range, finalized).await?);
    }
    // What is long enough to be an address is not a name: names have 32 bytes at most.
    if (NAME_START..=32).contains(&text.len()) {
        take(search::names(&app.pool, text, finalized).await?);
    }
    Ok(found)
}

/// What something is called or where it stands. Nothing found is an empty list.
#[utoipa::path(get, path = "/v1/search", tag = "network", params(SearchQuery),
    responses((status = 200, body = Search),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
        (status = "5XX", body = Problem, content_type = "application/problem+json")))]
pub async fn get(
    State(app): State<App>,
    StrictQuery(query): StrictQuery<SearchQuery>,
) -> Result<Fresh<Search>, ApiError> {
    Ok(fresh(search(&app, &query).await?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_beginning_of_an_address_finds_it_and_not_its_neighbours() {
        for seed in [[1; 32], [7; 32], [200; 32], [255; 32], [4; 32]] {
            let text = bs58::encode(seed).into_string();
            for letters in ADDRESS_START..text.len() {
                let ranges = addresses(&text[..letters]);
                let inside =
                    |key: &[u8]| ranges.iter().any(|(low, high)| low.as_slice() <= key && key <= high.as_slice());
                assert!(inside(&seed), "{text} by its first {letters}");
                let mut other = seed;
                other[0] ^= 1;
                assert!(!inside(&other), "{letters}");
            }
            assert_eq!(addresses(&text)[0], (seed.to_vec(), seed.to_vec()));
        }
        assert!(addresses("abc").is_empty() && addresses("0OIl").is_empty() && addresses("1111").is_empty());
    }

    #[test]
    fn every_beginning_of_a_root_is_a_range_of_whole_roots() {
        let (low, high) = root("abcdef1").unwrap();
        assert_eq!((low[3], low[4], high[3], high[4]), (0x10, 0, 0x1f, 0xff));
        assert!(root("abcde").is_none() && root("abcdeg").is_none());
    }
}
