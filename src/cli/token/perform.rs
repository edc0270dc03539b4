//! Runs `token`.

use secrecy::ExposeSecret;
use serde::Serialize;
use serde_json::json;

use crate::cli::exit::Exit;
use crate::cli::form::Form;
use crate::cli::output;
use crate::domain::meant;
use crate::identity::{NamedToken, NamedTokens, Role, TokenHash, draw, name_fault};

use super::args::{TokenArgs, TokenCommand};
use super::edit::{read, replace, with, without};

/// The version of the list's form.
const SCHEMA: u32 = 1;

/// The tokens, for programs.
#[derive(Serialize)]
struct TokensDocument<'a> {
    schema: u32,
    tokens: Vec<TokenDocument<'a>>,
}

#[derive(Serialize)]
struct TokenDocument<'a> {
    name: &'a str,
    role: &'static str,
}

/// Why a command did nothing, with the exit code for that.
type Refused = (Exit, String);

/// Runs the command.
pub(crate) fn token(command: &TokenCommand, args: &TokenArgs) -> Exit {
    let done = match command {
        TokenCommand::Add {
            name,
            role,
            replace,
            form,
        } => add(args, (name, *role), *replace, form.form()),
        TokenCommand::List { form } => list(args, form.form()),
        TokenCommand::Remove { name, form } => remove(args, name, form.form()),
    };
    done.unwrap_or_else(|(exit, why)| {
        output::talk(format_args!("campaign-autopilot: {why}"));
        exit
    })
}

fn add(
    args: &TokenArgs,
    (name, role): (&str, Role),
    over: bool,
    form: Form,
) -> Result<Exit, Refused> {
    let configuration = |why| (Exit::Configuration, why);
    let io = |why| (Exit::Io, why);
    if let Some(wrong) = name_fault(name) {
        return Err(configuration(wrong));
    }
    let file = args.file().map_err(configuration)?;
    let (text, tokens) = read(&file).map_err(io)?;
    if let Some(known) = tokens.named(name).filter(|_| !over) {
        let why = format!(
            "`{name}` has a token with the role {} already; give --replace for another one in its place, or another name",
            known.role
        );
        return Err(configuration(why));
    }
    let secret = draw().map_err(|why| (Exit::Internal, why))?;
    let token = NamedToken {
        name: name.to_owned(),
        role,
        hash: TokenHash::of(secret.expose_secret()),
    };
    replace(&file, &with(&text, &token)).map_err(io)?;
    if form == Form::Json {
        return Ok(output::json(&json!({
            "schema": "token-add/1", "name": name, "role": role.label(),
            "file": file.display().to_string(), "replaced": tokens.named(name).is_some(),
            "secret": secret.expose_secret(),
        })));
    }
    output::talk(format_args!(
        "token of `{name}` with the role {role}, in {}; its secret is shown this once:",
        file.display()
    ));
    output::result(secret.expose_secret());
    Ok(Exit::Ok)
}

fn list(args: &TokenArgs, form: Form) -> Result<Exit, Refused> {
    let file = args.file().map_err(|why| (Exit::Configuration, why))?;
    let (_, tokens) = read(&file).map_err(|why| (Exit::Io, why))?;
    let tokens: Vec<TokenDocument<'_>> = tokens
        .iter()
        .map(|token| TokenDocument {
            name: &token.name,
            role: token.role.label(),
        })
        .collect();
    if form == Form::Json {
        return Ok(output::json(&TokensDocument {
            schema: SCHEMA,
            tokens,
        }));
    }
    let widest = tokens.iter().map(|token| token.name.chars().count()).max();
    let widest = widest.unwrap_or_default();
    for TokenDocument { name, role } in &tokens {
        output::result(format_args!("{name:widest$}  {role}"));
    }
    if tokens.is_empty() {
        output::talk(format_args!(
            "no token in {}; `token add NAME --role ROLE` makes one",
            file.display()
        ));
    }
    Ok(Exit::Ok)
}

fn remove(args: &TokenArgs, name: &str, form: Form) -> Result<Exit, Refused> {
    let file = args.file().map_err(|why| (Exit::Configuration, why))?;
    let (text, tokens) = read(&file).map_err(|why| (Exit::Io, why))?;
    if tokens.named(name).is_none() {
        return Err((Exit::NotThere, unknown(name, &tokens)));
    }
    replace(&file, &without(&text, name)).map_err(|why| (Exit::Io, why))?;
    if form == Form::Json {
        let file = file.display().to_string();
        let document = json!({"schema": "token-remove/1", "name": name, "file": file});
        return Ok(output::json(&document));
    }
    output::talk(format_args!(
        "the token of `{name}` is removed; a running daemon refuses it within a second"
    ));
    Ok(Exit::Ok)
}

fn unknown(name: &str, tokens: &NamedTokens) -> String {
    let names = tokens.iter().map(|token| token.name.as_str());
    let near = meant(name, names).map_or(String::new(), |near| format!("did you mean `{near}`? "));
    format!("`{name}` has no token; {near}`token list` names those that have")
}
