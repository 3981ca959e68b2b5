//! main.rs - the load for UmaDB: so many appends at once, each followed by the next.
//!
//!   umadb_append fill URL EVENTS                  events in batches, ten to an account
//!   umadb_append run URL CLIENTS WARM_S RUN_S     prints what cairn_append.c prints
//!
//! BENCH_DATA and BENCH_META are the JSON of an event. Each client has a connection, and accounts of
//! its own. An append is one event with the tags of an account and of a branch, on the condition that
//! none with either of them has come since the client's last one.
use std::time::{Duration, Instant};
use umadb_client::{AsyncUmaDbClient, UmaDbClient};
use umadb_dcb::{DcbAppendCondition, DcbEvent, DcbEventStoreAsync, DcbQuery, DcbQueryItem};
use uuid::Uuid;

const TYPE: &str = "AmountCredited";
const ACCOUNTS: usize = 4096;
const BATCH: usize = 500;

type Failure = Box<dyn std::error::Error + Send + Sync>;

fn event(tags: &[String; 2]) -> DcbEvent {
    let text = |name: &str| std::env::var(name).unwrap_or_else(|_| "{}".to_string());
    DcbEvent::default()
        .event_type(TYPE)
        .tags(tags.clone())
        .data(text("BENCH_DATA").into_bytes())
        .metadata_entry("meta", text("BENCH_META"))
        .uuid(Uuid::new_v4())
}

async fn connect(url: &str) -> Result<AsyncUmaDbClient, Failure> {
    Ok(UmaDbClient::new(url.to_string()).connect_async().await?)
}

async fn fill(url: &str, events: usize) -> Result<(), Failure> {
    let client = connect(url).await?;
    let accounts = (events / 10).max(1);
    let tags = |n: usize| [format!("account:{}-0", n % accounts), format!("branch:{}-0", n * 7919 % accounts)];
    for from in (0..events).step_by(BATCH) {
        let batch = (from..events.min(from + BATCH)).map(|n| event(&tags(n))).collect();
        client.append(batch, None, None).await?;
    }
    Ok(())
}

/// What one client measured: how many appends were answered, and the microseconds of those that count.
async fn load(url: String, client: usize, clients: usize, from: Instant, end: Instant) -> Result<(u64, Vec<u64>), Failure> {
    let store = connect(&url).await?;
    let own = ACCOUNTS / clients;
    let mut after = None;
    let mut acknowledged = 0;
    let mut took = Vec::new();
    for turn in 0.. {
        let account = client * own + turn % own;
        let branch = client * own + turn * 7919 % own;
        let tags = [format!("account:{account}-1"), format!("branch:{branch}-1")];
        let query = DcbQuery::new()
            .item(DcbQueryItem::new().types([TYPE]).tags([tags[0].clone()]))
            .item(DcbQueryItem::new().types([TYPE]).tags([tags[1].clone()]));
        let condition = DcbAppendCondition::new(query).after(after);
        let began = Instant::now();
        if began >= end {
            break;
        }
        after = Some(store.append(vec![event(&tags)], Some(condition), None).await?);
        acknowledged += 1;
        let now = Instant::now();
        if now >= from && now < end {
            took.push(now.duration_since(began).as_micros() as u64);
        }
    }
    Ok((acknowledged, took))
}

async fn run(url: &str, clients: usize, warm: f64, seconds: f64) -> Result<(), Failure> {
    let from = Instant::now() + Duration::from_secs_f64(warm);
    let end = from + Duration::from_secs_f64(seconds);
    let tasks: Vec<_> = (0..clients).map(|n| tokio::spawn(load(url.to_string(), n, clients, from, end))).collect();
    let mut acknowledged = 0;
    let mut took = Vec::new();
    for task in tasks {
        let (count, mut times) = task.await??;
        acknowledged += count;
        took.append(&mut times);
    }
    took.sort_unstable();
    let at = |thousandth: usize| (!took.is_empty()).then(|| took[(took.len() * thousandth).div_ceil(1000).max(1) - 1]);
    println!(
        "{}",
        serde_json::json!({"acknowledged": acknowledged, "rate": took.len() as f64 / seconds,
            "p50_us": at(500), "p99_us": at(990), "p999_us": at(999)})
    );
    Ok(())
}

/// Prints how many events the log has.
async fn head(url: &str) -> Result<(), Failure> {
    let client = connect(url).await?;
    println!("{}", client.head().await?.unwrap_or(0));
    Ok(())
}

#[tokio::main(worker_threads = 2)]
async fn main() -> Result<(), Failure> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words[..] {
        ["fill", url, events] => fill(url, events.parse()?).await,
        ["head", url] => head(url).await,
        ["run", url, clients, warm, seconds] => {
            run(url, clients.parse()?, warm.parse()?, seconds.parse()?).await
        }
        _ => Err("usage: umadb_append fill URL EVENTS | head URL | run URL CLIENTS WARM_S RUN_S".into()),
    }
}
