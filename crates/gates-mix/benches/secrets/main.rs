//! How fast secrets are looked for, on one core: in text like that of an Elixir project, or in the folders named as arguments.
//! Beside it, on the same bytes, one plain expression over all of the text.
#![expect(clippy::print_stdout, reason = "a benchmark prints its numbers")]
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot go on has failed")]

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use gates_mix::SecretRules;
use regex::bytes::Regex;

const FILES: usize = 2_000;
const ROUNDS: usize = 5;
/// What a hook with `grep` looks for: a name, an operator, a literal.
const PLAIN: &str = r#"(?i-u)(?:api[_-]?key|secret|password|passwd|pwd|token|private[_-]?key)["']?\s*(?:=>|[:=])\s*["'][^"']{8,}["']"#;

/// What modules are made of; some lines have the words that rules look for.
const LINES: [&str; 16] = [
    "defmodule Shop.Orders.Checkout do\n",
    "  @moduledoc \"\"\"\n  Takes an order from the cart to the payment, and says what became of it.\n  \"\"\"\n\n",
    "  alias Shop.Accounts.{User, UserToken}\n  alias Shop.Orders.{Cart, Line}\n",
    "  @spec place(Cart.t(), User.t()) :: {:ok, Order.t()} | {:error, Ecto.Changeset.t()}\n",
    "  def place(%Cart{lines: [_ | _] = lines} = cart, %User{} = user) do\n",
    "    Multi.new()\n    |> Multi.insert(:order, Order.changeset(%Order{}, %{user_id: user.id}))\n",
    "    |> Multi.insert_all(:lines, Line, &rows(&1, lines))\n    |> Repo.transaction()\n  end\n\n",
    "  defp verify(token, key), do: Phoenix.Token.verify(Endpoint, \"user auth\", token, max_age: 86_400)\n",
    "  field :password, :string, virtual: true, redact: true\n",
    "    |> validate_length(:password, min: 12, max: 72)\n",
    "    Enum.map(orders, fn order -> {order.id, Decimal.to_string(order.total)} end)\n",
    "    case Map.fetch(params, \"discount\") do\n      {:ok, code} -> apply_discount(cart, code)\n      :error -> {:ok, cart}\n    end\n",
    "  # Totals are in cents, so that nothing is rounded before the end.\n",
    "  config :shop, Shop.Repo, url: System.fetch_env!(\"DATABASE_URL\"), pool_size: 10\n",
    "    assert {:error, :not_found} = Orders.find(\"b0a4c1d2-7e55-4f0e-9a53-0d5f9b2f7c11\")\n",
    "end\n",
];

fn main() {
    let folders: Vec<_> = std::env::args().skip(1).filter(|it| !it.starts_with("--")).collect();
    let files = if folders.is_empty() { made_up() } else { read(&folders) };
    let bytes: usize = files.iter().map(|(_, text)| text.len()).sum();
    let began = Instant::now();
    let rules = SecretRules::built_in().unwrap();
    println!("{:<44} {:>8.1?}", format!("compile {} rules", rules.ids().count()), began.elapsed());
    let plain = Regex::new(PLAIN).unwrap();
    let scan = best(|| files.iter().map(|(path, text)| rules.scan(path, text).len()).sum());
    let regex = best(|| files.iter().map(|(_, text)| plain.find_iter(text).count()).sum());
    println!("{} files, {:.1} MB, best of {ROUNDS}", files.len(), megabytes(bytes));
    told("all rules", bytes, scan);
    told("one plain expression over all text", bytes, regex);
    let ratio = scan.1.as_secs_f64() / regex.1.as_secs_f64();
    println!("all rules take {ratio:.2} times as long as the one expression");
}

fn best(mut round: impl FnMut() -> usize) -> (usize, Duration) {
    let timed = || {
        let began = Instant::now();
        (round(), began.elapsed())
    };
    std::iter::repeat_with(timed).take(ROUNDS).min_by_key(|(_, took)| *took).unwrap()
}

fn told(what: &str, bytes: usize, (found, took): (usize, Duration)) {
    let speed = megabytes(bytes) / took.as_secs_f64();
    println!("{what:<44} {took:>8.1?} {speed:>8.1} MB/s, {found} found");
}

#[expect(clippy::cast_precision_loss, reason = "nobody scans 2^52 bytes")]
fn megabytes(bytes: usize) -> f64 {
    bytes as f64 / 1e6
}

fn made_up() -> Vec<(String, Vec<u8>)> {
    let mut dice = fastrand::Rng::with_seed(7);
    let mut file = |number: usize| {
        let lines = (0..120).map(|_| LINES[dice.usize(..LINES.len())]);
        (format!("lib/shop/module_{number}.ex"), lines.collect::<String>().into_bytes())
    };
    (0..FILES).map(&mut file).collect()
}

/// All Elixir files below these folders.
fn read(folders: &[String]) -> Vec<(String, Vec<u8>)> {
    let mut files = Vec::new();
    for folder in folders {
        walk(Path::new(folder), &mut files);
    }
    files
}

fn walk(dir: &Path, files: &mut Vec<(String, Vec<u8>)>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            walk(&path, files);
        } else if path.extension().is_some_and(|it| it == "ex" || it == "exs") {
            files.push((path.display().to_string(), fs::read(&path).unwrap()));
        }
    }
}
