//! `aacorn recipe`: which recipes there are, what is in one, a new one, and what is wrong with one.

use std::path::PathBuf;

use clap::Subcommand;
use serde_json::json;

use super::{Context, Exit, print};
use crate::Result;
use crate::assets::Folder;
use crate::generate::rows::{Checked, check, import_yaml, scaffold};
use crate::recipe::rows::RowRecipe;
use crate::recipe::{Kind, Recipe, kind, names};

/// Show, start, check and import recipes: what to ask, and what a right answer is.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// The recipes there are: those of ./templates, and those that are built in.
    List,
    /// What a recipe asks, and the files that it is made of.
    Show {
        /// Which.
        recipe: String,
        /// Print the text of one of its files.
        #[arg(long, value_name = "NAME")]
        file: Option<String>,
    },
    /// Start a recipe of your own in ./templates, as a copy of one over rows.
    New {
        /// Its name: small letters, digits, hyphens.
        name: String,
        /// The recipe to copy.
        #[arg(long, default_value = "table")]
        from: String,
    },
    /// Look a recipe over: its templates, its schema against what each provider takes, and a prompt rendered from a sample.
    Check {
        /// Which.
        recipe: String,
        /// Rows to render, in place of the recipe's own sample.
        #[arg(long, value_name = "FILE")]
        input: Option<PathBuf>,
        /// A locale, for recipes that take one.
        #[arg(long, value_name = "LOCALE")]
        lang: Option<String>,
    },
    /// Turn a config.yaml of openai_batch_api into a recipe, and say what changed.
    ImportYaml {
        /// The file.
        config: PathBuf,
        /// The new recipe's name.
        #[arg(long, default_value = "imported")]
        name: String,
    },
}

/// Runs the command.
pub fn run(args: Args, context: &Context) -> Result<Exit> {
    match args.command {
        Command::List => list(context)?,
        Command::Show { recipe, file } => show(&recipe, file.as_deref(), context)?,
        Command::New { name, from } => {
            let made = scaffold(&context.assets, context.assets.root(), &name, &from)?;
            report(&made, &format!("edit them, then: aacorn recipe check {name}"), context);
        }
        Command::Check { recipe, input, lang } => {
            let checked = check(&context.assets, &recipe, input.as_deref(), lang.as_deref())?;
            return Ok(show_check(&checked, context));
        }
        Command::ImportYaml { config, name } => {
            let imported = import_yaml(&context.assets, context.assets.root(), &config, &name)?;
            if context.json {
                print::json(&imported);
            } else {
                imported.files.iter().for_each(|path| print::line(path.display()));
                imported.notes.iter().for_each(|note| print::line(format_args!("  {note}")));
                print::next(&imported.next);
            }
        }
    }
    Ok(Exit::Complete)
}

fn report(made: &[PathBuf], next: &str, context: &Context) {
    if context.json {
        print::json(&json!({"files": made}));
    } else {
        made.iter().for_each(|path| print::line(path.display()));
        print::next(next);
    }
}

fn list(context: &Context) -> Result<()> {
    let mut rows = Vec::new();
    for name in names(&context.assets)? {
        let (version, description, from) = match kind(&context.assets, &name)? {
            Kind::Packs => {
                let recipe = Recipe::load(&context.assets, &name)?;
                (recipe.version, recipe.description, "language packs")
            }
            Kind::Rows => {
                let recipe = RowRecipe::load(&context.assets, &name)?;
                (recipe.version, recipe.description, "rows")
            }
        };
        rows.push((name, version, from, description));
    }
    if context.json {
        let told = |(name, version, from, description): &(String, u32, &str, String)| json!({"name": name, "version": version, "from": from, "description": description});
        print::json(&rows.iter().map(told).collect::<Vec<_>>());
    } else {
        let told = |(name, version, from, description): (String, u32, &str, String)| {
            [name, version.to_string(), from.to_owned(), description]
        };
        print::table(["recipe", "version", "from", "what it does"], rows.into_iter().map(told).collect(), 4);
    }
    Ok(())
}

fn show(name: &str, file: Option<&str>, context: &Context) -> Result<()> {
    kind(&context.assets, name)?;
    let file = file.unwrap_or("recipe.toml");
    let text = context.assets.read(Folder::Templates, &format!("{name}/{file}"))?;
    let files = context.assets.list(Folder::Templates, name);
    let Some(text) = text else {
        let there: Vec<_> = files.into_iter().collect();
        return Err(crate::Error::Usage(format!("--file {file}: recipe `{name}` has {}", there.join(", "))));
    };
    if context.json {
        print::json(&json!({"name": name, "files": files, "file": file, "text": text}));
    } else {
        print::line(text.trim_end());
        let others: Vec<_> = files.iter().filter(|other| *other != file).map(String::as_str).collect();
        print::line(format_args!("\nbeside it: {}   (--file NAME shows one)", others.join(", ")));
    }
    Ok(())
}

fn show_check(checked: &Checked, context: &Context) -> Exit {
    if context.json {
        print::json(checked);
    } else {
        for prompt in &checked.prompts {
            print::line(format_args!("--- row `{}`", prompt.id));
            if let Some(system) = &prompt.system {
                print::line(format_args!("[system]\n{system}"));
            }
            print::line(format_args!("[user]\n{}", prompt.user));
        }
        print::line("");
        for note in &checked.notes {
            print::line(format_args!("note: {note}"));
        }
        for fault in &checked.faults {
            print::line(format_args!("wrong: {fault}"));
        }
        let outcome = if checked.faults.is_empty() { "nothing is wrong" } else { "not fit to be sent" };
        print::line(format_args!("{} (version {}): {outcome}", checked.recipe, checked.version));
    }
    if checked.faults.is_empty() { Exit::Complete } else { Exit::Failure }
}
