//! keyleak's one binary: reads the command line, runs the command, prints how it ended.

use clap::Parser;
use keyleak::cli::{Arguments, Command};
use keyleak::commands::{
    CommandError, cases, drill, export, manifest, orders, reconcile, restore, serve, verify,
};
use keyleak::domain::operator::Verb;
use keyleak::domain::wanted::Wanted;
use keyleak::trail::command_line;
use std::io::Write;
use std::process::ExitCode;

/// Without optimisation AWS's clients call themselves deep; what is not used costs nothing.
const STACK_BYTES: usize = 8 * 1024 * 1024;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime = match runtime.enable_all().thread_stack_size(STACK_BYTES).build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&format!("the runtime cannot start: {error}")),
    };
    match runtime.block_on(run(arguments.command)) {
        Ok(text) if text.is_empty() => ExitCode::SUCCESS,
        Ok(text) => match writeln!(std::io::stdout().lock(), "{text}") {
            Ok(()) => ExitCode::SUCCESS,
            // Whoever reads our output has read enough.
            Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
            Err(error) => fail(&error.to_string()),
        },
        Err(error) => fail(&error.to_string()),
    }
}

async fn run(command: Command) -> Result<String, CommandError> {
    match command {
        Command::Drill(arguments) => drill::drill(&arguments).await,
        Command::Serve(store) => serve::serve(&store).await.map(|()| String::new()),
        Command::Investigate(arguments) => investigate(&arguments).await,
        Command::Queries(command) => Ok(command_line::queries(&command)?),
        Command::Cases(store) => cases::cases(&store).await,
        Command::Status(arguments) => cases::status(&arguments).await,
        Command::Approve(arguments) => orders::decide(Verb::Approve, &arguments).await,
        Command::Deny(arguments) => orders::decide(Verb::Deny, &arguments).await,
        Command::Withdraw(arguments) => orders::decide(Verb::Withdraw, &arguments).await,
        Command::Undo(arguments) => orders::undo(&arguments).await,
        Command::LeaveOut(arguments) => orders::adjust(Wanted::LeaveOut, &arguments).await,
        Command::TakeIn(arguments) => orders::adjust(Wanted::TakeIn, &arguments).await,
        Command::ContainBy(arguments) => orders::contain_by(&arguments).await,
        Command::Freeze(arguments) => orders::move_brake(true, &arguments).await,
        Command::Thaw(arguments) => orders::move_brake(false, &arguments).await,
        Command::Reconcile(arguments) => reconcile::reconcile(&arguments).await,
        Command::Verify(arguments) => verify::verify(&arguments).await,
        Command::Export(arguments) => export::export(&arguments).await,
        Command::Restore(arguments) => restore::restore(&arguments),
        Command::Report(arguments) => cases::report(&arguments).await,
        Command::Manifest(arguments) => manifest::manifest(&arguments),
    }
}

async fn investigate(
    arguments: &command_line::InvestigateArguments,
) -> Result<String, CommandError> {
    let now = keyleak::ports::clock::Clock::real().now();
    Ok(command_line::investigate(arguments, now).await?)
}

/// Errors go to standard error, in words, with a code that scripts can see.
fn fail(text: &str) -> ExitCode {
    let _ = writeln!(std::io::stderr().lock(), "keyleak: {text}");
    ExitCode::FAILURE
}
