//! A project without dialyxir: Erlang's own `dialyzer` on the compiled modules.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use pipeline_core::{Context, Report};

use super::files::{Files, count};
use super::plt::{self, Layer, Plts};
use super::{Dialyzer, report, trouble_before, warnings};
use crate::error::{Error, Trouble};
use crate::layout::Layout;
use crate::mix::{Answer, MixTask};
use crate::project::MixProject;

/// What Dialyzer says of a PLT that is cut, none at all, or of another version.
const BROKEN_PLT: [&str; 4] = [
    "Could not read PLT file",
    "Old PLT file",
    "is not a valid PLT file",
    "Could not read the PLT",
];

/// The program, and the modules that it looks at.
#[derive(Debug)]
pub(super) struct Erlang<'a> {
    pub(super) project: &'a MixProject,
    pub(super) program: PathBuf,
    pub(super) files: &'a Files,
}

/// Compiles the project and looks at its modules.
pub(super) async fn check(gate: &Dialyzer, layout: &Layout, cx: &Context) -> Result<Report, Error> {
    let project = &gate.project;
    let answer = project.run(&MixTask::new(["compile"]).env("MIX_ENV", "dev"), cx).await?;
    if answer.code != 0 {
        return Err(trouble_before(&answer, layout, "it does not say why"));
    }
    let files = Files::gather(project, layout, cx).await?;
    let own = Some(&files.program).filter(|it| it.is_file());
    let program = gate.program.as_ref().or(own).cloned().unwrap_or_else(|| "dialyzer".into());
    let erlang = Erlang { project, program, files: &files };
    // It runs in the project's folder, wherever we are.
    let plt_dir = std::path::absolute(&gate.plt_dir)?;
    let plts = Plts { dir: &plt_dir, erlang: &erlang };
    match erlang.look(&plts, layout, cx).await {
        Err(Error::Trouble { trouble: Trouble::Plt(broken), .. }) => {
            cx.note(format_args!("the PLT {broken} cannot be read: it is built anew"));
            plt::remove(Path::new(&broken))?;
            erlang.look(&plts, layout, cx).await
        }
        report => report,
    }
}

impl Erlang<'_> {
    async fn look(&self, plts: &Plts<'_>, layout: &Layout, cx: &Context) -> Result<Report, Error> {
        let plt = plts.find(cx).await?;
        let own = self.files.own();
        cx.note(format_args!("looking at {} modules", count(&own)?));
        read(&self.run(&analysis(&own), Some(&plt), cx).await?, layout)
    }

    /// Builds a PLT, and says where.
    pub(super) async fn build(&self, layer: &Layer, cx: &Context) -> Result<PathBuf, Error> {
        let plt = self.files.unfinished();
        // One that an earlier build left would look like the work of this one.
        let _ = fs::remove_file(&plt);
        let what = if layer.base.is_some() { "--add_to_plt" } else { "--build_plt" };
        let mut args = vec![what.into(), "--output_plt".into(), plt.clone().into(), "-c".into()];
        args.extend(layer.modules.iter().map(OsString::from));
        let answer = self.run(&args, layer.base.as_deref(), cx).await?;
        // Of unknown functions in other people's code it may complain with 2.
        if ![0, 2].contains(&answer.code) || !plt.is_file() {
            return Err(answer.unreadable("it has built no PLT"));
        }
        Ok(plt)
    }

    /// Runs it with the compiler's modules, which know how to read those of Elixir, and with this PLT.
    async fn run(
        &self,
        args: &[OsString],
        plt: Option<&Path>,
        cx: &Context,
    ) -> Result<Answer, Error> {
        let mut all: Vec<OsString> = vec!["--no_check_plt".into(), "-pa".into()];
        all.push(self.files.compiler.clone().into());
        if let Some(plt) = plt {
            all.extend(["--plt".into(), plt.into()]);
        }
        all.extend_from_slice(args);
        let answer = match self.project.run_program(&self.program, all, cx).await {
            Err(Error::Process(pipeline_process::Error::NotFound { program })) => {
                return Err(Error::NoDialyzer { program });
            }
            answer => answer?,
        };
        match plt
            .filter(|_| answer.code == 1 && BROKEN_PLT.iter().any(|it| answer.text.contains(it)))
        {
            Some(plt) => Err(answer.trouble(Trouble::Plt(plt.display().to_string()))),
            None => Ok(answer),
        }
    }
}

/// Erlang's default warnings and, as dialyxir and OTP 26 do, unknown functions and types.
fn analysis(own: &Path) -> Vec<OsString> {
    let flags = ["--fullpath", "--no_indentation", "-Wunknown", "-c"];
    flags.into_iter().map(OsString::from).chain([own.into()]).collect()
}

/// What the answer of `dialyzer --fullpath --no_indentation -Wunknown` says.
pub(super) fn read(answer: &Answer, layout: &Layout) -> Result<Report, Error> {
    let said: Vec<_> = answer.text.lines().collect();
    if let Some(at) = said.iter().position(|it| it.starts_with("Could not scan the following file"))
    {
        let modules =
            said[at + 1..].iter().filter_map(|it| it.split_once("Core Erlang code for: "));
        let modules: Vec<_> = modules.filter_map(|it| it.1.rsplit('/').next()).collect();
        return Err(answer.trouble(Trouble::NoDebugInfo(modules.join(", "))));
    }
    let found = warnings::read(&answer.text);
    let (code, banner) = match found.len() {
        0 => (0, "done (passed successfully)"),
        _ => (2, "done (warnings were emitted)"),
    };
    if answer.code != code || !said.contains(&banner) {
        let found = found.len();
        return Err(answer.unreadable(format!("{found} warnings can be read in what it said")));
    }
    Ok(report(found.iter().map(|it| warnings::finding(it, layout)).collect()))
}
