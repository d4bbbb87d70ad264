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
            0 => server(&module, one),
            1 => context(&module, one, two, number),
            2 => parser(&module, two),
            _ => schema(&module, one, two),
        };
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

fn server(module: &str, one: &str) -> String {
    format!(
        r#"defmodule {module} do
  @moduledoc """
  Keeps every {one} that was seen lately, and forgets them again.

  Entries are kept for a while; see `put/3`. Nothing here is shared between nodes.
  """

  use GenServer

  require Logger

  alias {module}.Entry

  @sweep_every :timer.minutes(5)
  @default_ttl 300

  @type key :: term()
  @type option :: {{:ttl, pos_integer()}} | {{:name, atom()}}

  @doc "Starts the server."
  @spec start_link([option]) :: GenServer.on_start()
  def start_link(opts \\ []) do
    name = Keyword.get(opts, :name, __MODULE__)
    GenServer.start_link(__MODULE__, opts, name: name)
  end

  @doc """
  Keeps a {one} under a key.

      iex> put(server, "a", 1)
      :ok
  """
  @spec put(GenServer.server(), key, term) :: :ok
  def put(server, key, value) do
    GenServer.cast(server, {{:put, key, value, System.monotonic_time(:second)}})
  end

  @doc "The {one} under a key."
  @spec fetch(GenServer.server(), key) :: {{:ok, term}} | :error
  def fetch(server, key), do: GenServer.call(server, {{:fetch, key}})

  @impl true
  def init(opts) do
    Process.send_after(self(), :sweep, @sweep_every)
    {{:ok, %{{entries: %{{}}, ttl: Keyword.get(opts, :ttl, @default_ttl)}}}}
  end

  @impl true
  def handle_call({{:fetch, key}}, _from, %{{entries: entries}} = state) do
    case Map.fetch(entries, key) do
      {{:ok, %{{value: value}}}} -> {{:reply, {{:ok, value}}, state}}
      :error -> {{:reply, :error, state}}
    end
  end

  @impl true
  def handle_cast({{:put, key, value, now}}, state) do
    entry = %{{value: value, until: now + state.ttl}}
    {{:noreply, put_in(state.entries[key], entry)}}
  end

  @impl true
  def handle_info(:sweep, state) do
    now = System.monotonic_time(:second)
    {{old, kept}} = Enum.split_with(state.entries, fn {{_key, entry}} -> entry.until < now end)
    if length(old) > 0, do: Logger.debug("forgot #{{length(old)}} of them")
    Process.send_after(self(), :sweep, @sweep_every)
    {{:noreply, %{{state | entries: Map.new(kept)}}}}
  end
end
"#
    )
}

fn context(module: &str, one: &str, two: &str, number: usize) -> String {
    let broken = if number.is_multiple_of(100) {
        "String.to_atom(status)"
    } else {
        "String.to_existing_atom(status)"
    };
    let (one_module, two_module) = (capital(one), capital(two));
    format!(
        r##"defmodule {module} do
  @moduledoc "Everything about a {one} and its {two}s."

  import Ecto.Query, warn: false

  alias Big.{{Repo, {one_module}, {two_module}}}

  @doc "The newest ones, page by page."
  @spec list(keyword) :: [{one_module}.t()]
  def list(opts \\ []) do
    limit = Keyword.get(opts, :limit, 50)

    {one_module}
    |> where([x], is_nil(x.deleted_at))
    |> order_by(desc: :inserted_at)
    |> limit(^limit)
    |> Repo.all()
  end

  @doc "All {two}s of some of them."
  @spec {two}s_of([integer]) :: [{two_module}.t()]
  def {two}s_of(ids) do
    Repo.all(from t in {two_module}, where: t.{one}_id in ^ids, preload: [:{one}])
  end

  @doc "Changes the status, and tells who asked for it."
  @spec change({one_module}.t(), map) :: {{:ok, {one_module}.t()}} | {{:error, term}}
  def change(%{one_module}{{}} = {one}, %{{"status" => status}} = attrs) do
    with {{:ok, status}} <- parse(status),
         {{:ok, changed}} <- {one} |> {one_module}.changeset(%{{attrs | "status" => status}}) |> Repo.update() do
      :telemetry.execute([:big, :{one}, :changed], %{{count: 1}}, %{{id: changed.id}})
      {{:ok, changed}}
    else
      {{:error, %Ecto.Changeset{{}} = changeset}} -> {{:error, changeset.errors}}
      {{:error, reason}} -> {{:error, reason}}
    end
  end

  defp parse(status) when is_binary(status) do
    {{:ok, {broken}}}
  rescue
    e in ArgumentError -> {{:error, Exception.message(e)}}
  end

  @doc "A line for people, such as `\"{one} 12: open\"`."
  @spec line({one_module}.t()) :: String.t()
  def line(%{{id: id, status: status}}) do
    "{one} #{{id}}: #{{status |> to_string() |> String.downcase()}}"
  end

  @doc false
  def sum({two}s), do: Enum.reduce({two}s, 0, fn %{{amount: amount}}, sum -> sum + amount end)
end
"##
    )
}

fn parser(module: &str, two: &str) -> String {
    format!(
        r#"defmodule {module} do
  @moduledoc """
  Reads {two}s from lines of text.

  A line has a code, an amount and a note, parted by semicolons. TODO is a word like any other here.
  """

  @separator ";"
  @codes ~w(IN OUT MOVE)
  @pattern ~r/^(?<code>[A-Z]+);(?<amount>-?\d+(\.\d+)?);(?<note>.*)$/u

  defstruct [:code, :amount, :note]

  @typedoc "One line."
  @type t :: %__MODULE__{{code: String.t(), amount: float, note: String.t() | nil}}

  @doc "Reads all lines; those that are none are told apart."
  @spec read(String.t()) :: {{[t], [String.t()]}}
  def read(text) do
    {{good, bad}} =
      text
      |> String.split("\n", trim: true)
      |> Enum.map(&line/1)
      |> Enum.split_with(&match?({{:ok, _}}, &1))

    {{Enum.map(good, fn {{:ok, it}} -> it end), Enum.map(bad, fn {{:error, it}} -> it end)}}
  end

  @doc "Reads one line."
  @spec line(String.t()) :: {{:ok, t}} | {{:error, String.t()}}
  def line(line) do
    case Regex.named_captures(@pattern, line) do
      %{{"code" => code, "amount" => amount, "note" => note}} when code in @codes ->
        {{number, ""}} = Float.parse(amount)
        {{:ok, %__MODULE__{{code: code, amount: number, note: note(note)}}}}

      %{{}} ->
        {{:error, "unknown code in: " <> line}}

      nil ->
        {{:error, line}}
    end
  end

  @doc "Writes it as it was read."
  @spec write(t) :: String.t()
  def write(%__MODULE__{{code: code, amount: amount, note: note}}) do
    Enum.join([code, :erlang.float_to_binary(amount, decimals: 2), note || ""], @separator)
  end

  defp note(""), do: nil
  defp note(note), do: String.trim(note)

  defimpl String.Chars do
    def to_string(it), do: Enum.join([it.code, it.amount], " ")
  end
end
"#
    )
}

fn schema(module: &str, one: &str, two: &str) -> String {
    format!(
        r#"defmodule {module} do
  @moduledoc "A {one} as it is kept."

  use Ecto.Schema

  import Ecto.Changeset

  alias Big.{{Account, {}}}

  @required [:name, :status, :account_id]
  @optional [:note, :amount, :closed_at]
  @statuses [:open, :paid, :closed]

  @typedoc "A {one}."
  @type t :: %__MODULE__{{id: integer | nil, name: String.t() | nil, status: atom}}

  schema "{one}s" do
    field :name, :string
    field :status, Ecto.Enum, values: @statuses, default: :open
    field :note, :string
    field :amount, :decimal
    field :closed_at, :utc_datetime_usec
    belongs_to :account, Account
    has_many :{two}s, {}

    timestamps(type: :utc_datetime_usec)
  end

  @doc "Checks what somebody wants to change."
  @spec changeset(t | Ecto.Changeset.t(), map) :: Ecto.Changeset.t()
  def changeset({one}, attrs) do
    {one}
    |> cast(attrs, @required ++ @optional)
    |> validate_required(@required)
    |> validate_length(:name, min: 2, max: 200)
    |> validate_number(:amount, greater_than_or_equal_to: 0)
    |> validate_closed()
    |> unique_constraint([:account_id, :name])
  end

  defp validate_closed(changeset) do
    if get_field(changeset, :status) == :closed and is_nil(get_field(changeset, :closed_at)) do
      add_error(changeset, :closed_at, "says when it was closed")
    else
      changeset
    end
  end

  @doc "Is there nothing left to do?"
  @spec done?(t) :: boolean
  def done?(%__MODULE__{{status: status}}), do: status in [:paid, :closed]
end
"#,
        capital(two),
        capital(two)
    )
}
