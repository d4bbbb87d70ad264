//! An umbrella as large as anybody wants it: code as teams write it, some of it broken on purpose.

use std::fs;
use std::path::Path;

/// Words that names are made of.
const WORDS: [&str; 16] = [
    "order", "invoice", "customer", "ledger", "report", "session", "carrier", "catalog", "payment",
    "refund", "audit", "quota", "sensor", "ticket", "voucher", "parcel",
];

/// Writes `files` modules in `apps` applications below `dir`, about as many tests, and what belongs around them.
pub(crate) fn write(dir: &Path, apps: usize, files: usize) -> std::io::Result<u64> {
    let mut bytes = 0;
    let mut put = |path: String, text: String| -> std::io::Result<()> {
        let file = dir.join(path);
        fs::create_dir_all(file.parent().unwrap_or(dir))?;
        bytes += text.len() as u64;
        fs::write(file, text)
    };
    put("mix.exs".into(), "defmodule Big.MixProject do\n  use Mix.Project\n  def project, do: [apps_path: \"apps\", version: \"0.1.0\", deps: []]\nend\n".into())?;
    put("mix.lock".into(), "%{}\n".into())?;
    put("README.md".into(), "# Big\n\nAn umbrella.\n".into())?;
    for app in 0..apps {
        let name = format!("app{app:03}");
        let module = format!("App{app:03}");
        put(format!("apps/{name}/mix.exs"), mix_exs(&name, &module))?;
        put(format!("apps/{name}/README.md"), format!("# {module}\n\nOne of many.\n"))?;
    }
    for number in 0..files {
        let app = number % apps;
        let (one, two) = (WORDS[number % 16], WORDS[(number / 16 + number) % 16]);
        let folder = format!("app{app:03}");
        let file = format!("{one}_{two}_{number}");
        let module = format!("App{app:03}.{}{}{number}", capital(one), capital(two));
        let text = match number % 4 {
            0 => include_str!("templates/server.txt"),
            1 => include_str!("templates/context.txt"),
            2 => include_str!("templates/parser.txt"),
            _ => include_str!("templates/schema.txt"),
        };
        // Every hundredth is broken.
        let convert = if number.is_multiple_of(100) { "to_atom" } else { "to_existing_atom" };
        let text = text
            .replace("MODULE", &module)
            .replace("__SELF__", "__MODULE__")
            .replace("CONVERT", &format!("String.{convert}(status)"));
        let text = text.replace("CAPITAL_ONE", &capital(one)).replace("CAPITAL_TWO", &capital(two));
        let text = text.replace("word_one", one).replace("word_two", two);
        put(format!("apps/{folder}/lib/{folder}/{file}.ex"), text)?;
    }
    Ok(bytes)
}

fn capital(word: &str) -> String {
    let (first, rest) = word.split_at(1);
    format!("{}{rest}", first.to_uppercase())
}

fn mix_exs(name: &str, module: &str) -> String {
    format!(
        "defmodule {module}.MixProject do\n  use Mix.Project\n\n  def project do\n    [app: :{name}, version: \"0.1.0\", deps_path: \"../../deps\", lockfile: \"../../mix.lock\", deps: []]\n  end\nend\n"
    )
}
