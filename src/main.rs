//! keyleak's one binary: reads the command line, runs the command, prints how it ended.

use clap::Parser;
use keyleak::cli::{Arguments, Command, Queries};
use keyleak::commands::{
    CommandError, Done, cases, doctor, drill, export, investigate, manifest, named_queries,
    one_time_code, orders, reconcile, report, restore, serve, verify,
};
use keyleak::domain::operator::Verb;
use keyleak::domain::plain_text::visible_lines;
use keyleak::domain::secret::hushed;
use keyleak::domain::wanted::Wanted;
use keyleak::trail::command_line;
use std::io::{IsTerminal, Write};
use std::process::ExitCode;

/// Without optimisation AWS's clients call themselves deep; what is not used costs nothing.
const STACK_BYTES: usize = 8 * 1024 * 1024;
/// The exit status of whatever could not be done.
const FAILED: u8 = 1;

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return misused(&error),
    };
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime = match runtime.enable_all().thread_stack_size(STACK_BYTES).build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&format!("the runtime cannot start: {error}"), FAILED),
    };
    let ended = runtime.block_on(run(arguments.command));
    // Whoever broke off a long reading does not wait for its end.
    runtime.shutdown_background();
    match ended {
        Ok(done) => end(&done),
        Err(error) => fail(&error.to_string(), error.status()),
    }
}

/// Prints what a command leaves: its text, which ends its line, and beside it what is to be said.
fn end(done: &Done) -> ExitCode {
    let line_end = if done.text.is_empty() || done.text.ends_with('\n') { "" } else { "\n" };
    match write!(std::io::stdout().lock(), "{}{line_end}", done.text) {
        Ok(()) => {}
        // Whoever reads our output has read enough.
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => {}
        Err(error) => return fail(&error.to_string(), FAILED),
    }
    done.notes.iter().for_each(|note| say(note));
    ExitCode::from(done.status)
}

async fn run(command: Command) -> Result<Done, CommandError> {
    let text = match command {
        Command::Investigate(arguments) => {
            let mut done = investigate::investigate(&arguments).await?;
            if std::io::stdout().is_terminal() {
                done.text = visible_lines(&done.text);
            }
            return Ok(done);
        }
        Command::Drill(arguments) => drill::drill(&arguments).await,
        Command::Serve(store) => serve::serve(&store).await.map(|()| String::new()),
        Command::Doctor(arguments) => return doctor::doctor(&arguments).await,
        Command::Queries(Queries::Read(command)) => Ok(command_line::queries(&command)?),
        Command::Queries(Queries::Save(arguments)) => return named_queries::save(&arguments).await,
        Command::Cases(store) => cases::cases(&store).await,
        Command::Status(arguments) => cases::status(&arguments).await,
        Command::Approve(arguments) => orders::decide(Verb::Approve, &arguments).await,
        Command::Deny(arguments) => orders::decide(Verb::Deny, &arguments).await,
        Command::Withdraw(arguments) => orders::decide(Verb::Withdraw, &arguments).await,
        Command::Undo(arguments) => orders::undo(&arguments).await,
        Command::LeaveOut(arguments) => orders::adjust(Wanted::LeaveOut, &arguments).await,
        Command::TakeIn(arguments) => orders::adjust(Wanted::TakeIn, &arguments).await,
        Command::ContainBy(arguments) => orders::contain_by(&arguments).await,
        Command::Allow(arguments) => orders::allow(&arguments).await,
        Command::Freeze(arguments) => orders::move_brake(true, &arguments).await,
        Command::Thaw(arguments) => orders::move_brake(false, &arguments).await,
        Command::Reconcile(arguments) => reconcile::reconcile(&arguments).await,
        Command::Verify(arguments) => verify::verify(&arguments).await,
        Command::Export(arguments) => export::export(&arguments).await,
        Command::Restore(arguments) => restore::restore(&arguments),
        Command::Report(arguments) => report::report(&arguments).await,
        Command::OneTimeCode(arguments) => one_time_code::one_time_code(&arguments),
        Command::Manifest(arguments) => manifest::manifest(&arguments),
    };
    text.map(Done::from)
}

/// What the command line lacks goes where errors go, and help where it was asked for; but no word
/// of the command line that may be a secret.
fn misused(error: &clap::Error) -> ExitCode {
    let said = error.render().to_string();
    let safe = quiet(&said);
    if !error.use_stderr() || safe == said {
        error.exit();
    }
    let _ = write!(std::io::stderr().lock(), "{safe}");
    if safe != visible_lines(&said) {
        say("a word of the command line looks like a secret; it is in the history of this shell \
             now, so treat it as leaked");
    }
    ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(FAILED))
}

/// Errors go to standard error, in words, with a code that scripts can see.
fn fail(text: &str, status: u8) -> ExitCode {
    say(text);
    ExitCode::from(status)
}

fn say(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "keyleak: {}", quiet(text));
}

/// The text as a terminal may have it, without secrets that stood on the command line.
fn quiet(text: &str) -> String {
    let words = keyleak::config::words::typed();
    visible_lines(&hushed(text, words.iter().map(String::as_str)))
}
