//! The arguments of `token`.

use std::path::PathBuf;

use clap::ValueEnum;
use clap::builder::PossibleValue;

use crate::cli::environment::variable;
use crate::cli::form::FormArgs;
use crate::identity::Role;
use crate::settings::named_tokens_of;

impl ValueEnum for Role {
    fn value_variants<'a>() -> &'a [Self] {
        &[Self::View, Self::Operate, Self::Admin]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        let help = match self {
            Self::View => "See everything, change nothing",
            Self::Operate => "Also hold, release and set",
            Self::Admin => "Also reload the configuration",
        };
        Some(PossibleValue::new(self.label()).help(help))
    }
}

/// Where the named tokens are.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct TokenArgs {
    /// File of the named tokens [default: `named_tokens` of the settings file] [env: `AUTOPILOT_NAMED_TOKENS`]
    #[arg(long, value_name = "FILE", global = true)]
    named_tokens: Option<PathBuf>,
    /// Settings file (TOML) that names it [env: `AUTOPILOT_CONFIG`]
    #[arg(long, value_name = "FILE", global = true)]
    config: Option<PathBuf>,
}

impl TokenArgs {
    /// The file that is meant, or why that cannot be said.
    pub(super) fn file(&self) -> Result<PathBuf, String> {
        match &self.named_tokens {
            Some(file) => Ok(file.clone()),
            None => named_tokens_of(self.config.as_deref(), &variable),
        }
    }
}

/// What to do with the named tokens.
#[derive(Clone, Debug, clap::Subcommand)]
pub(crate) enum TokenCommand {
    /// Make a token and print its secret, this once; only its hash is kept
    ///
    /// The secret alone goes to standard output, so that it can be sent on to where it is kept; with -o json it is a member of the
    /// document. A running daemon takes it within a second.
    Add {
        /// Whom it stands for: a person or a program, as the audit is to name them
        #[arg(value_name = "NAME")]
        name: String,
        /// What they may do
        #[arg(long, value_enum, value_name = "ROLE")]
        role: Role,
        /// Replace the secret and the role of a token that there is
        #[arg(long)]
        replace: bool,
        #[command(flatten)]
        form: FormArgs,
    },
    /// List the tokens with their roles; no secret can be shown again
    List {
        #[command(flatten)]
        form: FormArgs,
    },
    /// Remove a token: a running daemon refuses it within a second
    Remove {
        /// Whom it stands for
        #[arg(value_name = "NAME")]
        name: String,
        #[command(flatten)]
        form: FormArgs,
    },
}
