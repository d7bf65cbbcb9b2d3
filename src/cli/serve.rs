//! `aacorn serve`: the embedded batch service, for others.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;

use super::{Context, Exit, desk, print};
use crate::http::Key;
use crate::progress::Progress;
use crate::serve::{Engine, Faults, Live, Options, Phrasebook, Server};
use crate::{Error, Result};

/// How soon Ctrl-C is noticed.
const GLANCE: Duration = Duration::from_millis(50);

/// Serve OpenAI's Files and Batches endpoints on this machine, answered without a model or by a chat endpoint.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Address to listen on; port 0 takes a free one.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:4100")]
    listen: SocketAddr,
    /// Folder of everything it must remember; a restart goes on with the batches in it.
    #[arg(long, value_name = "DIR", default_value = ".aacorn-serve")]
    state: PathBuf,
    /// Answer with the chat endpoint below this base URL, such as http://127.0.0.1:11434/v1 (Ollama, llama.cpp, vLLM,
    /// OpenAI), instead of the phrasebook.
    #[arg(long, value_name = "URL")]
    upstream: Option<String>,
    /// The environment variable that holds the key of the upstream, if it wants one.
    #[arg(long, value_name = "NAME", requires = "upstream")]
    upstream_key_env: Option<String>,
    /// Let go wrong what may go wrong at a provider, to rehearse it: "create=lost, content=cut, refusal=5%", or a file of
    /// such lines.
    #[arg(long, value_name = "FILE|SPEC")]
    faults: Option<String>,
    /// Ask clients for this key, as a Bearer token.
    #[arg(long, value_name = "KEY", env = "AACORN_SERVE_KEY", hide_env_values = true)]
    api_key: Option<String>,
}

/// Runs the command until Ctrl-C.
pub fn run(args: Args, context: &Context) -> Result<Exit> {
    let api_key = args.api_key.as_deref().map(Key::new).transpose()?;
    if api_key.is_none() && !args.listen.ip().is_loopback() {
        let detail = "others can reach that address: set a key with AACORN_SERVE_KEY, or listen on 127.0.0.1";
        return Err(Error::Usage(format!("--listen {}: {detail}", args.listen)));
    }
    let now = context.clock_is_fixed.then_some(context.now);
    let runtime = desk::runtime()?;
    let engine: Arc<dyn Engine> = match &args.upstream {
        Some(url) => {
            let key = args.upstream_key_env.as_deref().map(Key::from_env).transpose()?;
            Arc::new(Live::new(url, key, runtime.handle().clone())?)
        }
        None => Arc::new(Phrasebook::new(Arc::clone(&context.languages))),
    };
    let faults = args.faults.as_deref().map(Faults::read).transpose()?.unwrap_or_default();
    let options = Options { listen: args.listen, now, api_key, faults, ..Options::new(args.state, engine) };
    runtime.block_on(async {
        let running = Server::start(options).await?;
        if context.json {
            print::json(&json!({"base_url": running.base_url()}));
        } else {
            print::line(format_args!("serving {} until Ctrl-C", running.base_url()));
        }
        while !context.progress.interrupted() {
            tokio::time::sleep(GLANCE).await;
        }
        running.stop().await;
        Ok(Exit::Complete)
    })
}
