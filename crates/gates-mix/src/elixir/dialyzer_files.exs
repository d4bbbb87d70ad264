# Gathers what Dialyzer looks at: `mix run --no-mix-exs dialyzer_files.exs FOLDER APP...`, after `mix compile`.
#
# FOLDER/own   copies of the project's own modules: another task may compile them anew meanwhile
# FOLDER/more  links to those of the dependencies, and of all else that the project uses
# FOLDER/facts versions and folders, a line each; `core` are the folders of Erlang and Elixir that everybody uses
[folder | own] = System.argv()

env =
  case System.get_env("MIX_TARGET") do
    target when target in [nil, "", "host"] -> System.get_env("MIX_ENV", "dev")
    target -> "#{target}_#{System.get_env("MIX_ENV", "dev")}"
  end

build =
  System.get_env("MIX_BUILD_PATH") || Path.join(System.get_env("MIX_BUILD_ROOT", "_build"), env)

# All of Erlang and Elixir, wherever the code path leads: Mix takes out of it what a project does not name.
elixir = Path.expand(to_string(:code.lib_dir(:elixir)))

folders =
  Path.wildcard(Path.join(to_string(:code.lib_dir()), "*/ebin")) ++
    Path.wildcard(Path.join(Path.dirname(elixir), "*/ebin"))

ebins =
  for folder <- folders, into: %{} do
    [app | _] = folder |> Path.dirname() |> Path.basename() |> String.split("-")
    {app, folder}
  end

ebin_of = fn app -> ebins[to_string(app)] end

beams = fn dir -> Path.wildcard(Path.join(dir, "*.beam")) end
built = fn app -> Path.join([build, "lib", app, "ebin"]) end

# A module is of use only when the compiler kept its code in it.
has_code? = fn beam ->
  case :beam_lib.chunks(String.to_charlist(beam), [:debug_info]) do
    {:ok, {_, [debug_info: {:debug_info_v1, _, data}]}} ->
      data != :none and not match?({:none, _}, data)

    _ ->
      false
  end
end

# The applications that an application's own file says it needs.
needs = fn dir ->
  for file <- Path.wildcard(Path.join(dir, "*.app")),
      {:ok, [{:application, _, facts}]} <- [:file.consult(String.to_charlist(file))],
      key <- [:applications, :included_applications],
      app <- Keyword.get(facts, key, []),
      do: app
end

# The folders of modules that a module calls, or whose behaviour it has: an application that nobody names in
# mix.exs, such as :mix for a Mix task.
uses = fn beam ->
  case :beam_lib.chunks(String.to_charlist(beam), [:imports, :attributes]) do
    {:ok, {_, [imports: imports, attributes: attributes]}} ->
      behaviours = for {key, all} <- attributes, key in [:behaviour, :behavior], it <- all, do: it
      Enum.uniq(behaviours ++ for({module, _, _} <- imports, do: module))

    _ ->
      []
  end
end

modules =
  for {_, folder} <- ebins,
      beam <- beams.(folder),
      into: %{},
      do: {Path.basename(beam, ".beam"), folder}

core =
  [:erts, :kernel, :stdlib, :crypto, :elixir, :logger]
  |> Enum.map(ebin_of)
  |> Enum.reject(&is_nil/1)

own_dirs = Enum.map(own, built)
deps = Path.wildcard(built.("*")) -- own_dirs

# Protocols as they are when the application runs, with all their implementations.
consolidated = fn app, beam ->
  folders = [Path.join([build, "lib", app, "consolidated"]), Path.join(build, "consolidated")]
  folders |> Enum.map(&Path.join(&1, Path.basename(beam))) |> Enum.find(beam, &File.exists?/1)
end

own_beams = for app <- own, beam <- beams.(built.(app)), do: consolidated.(app, beam)

close = fn close, found, dirs ->
  case dirs |> Enum.uniq() |> Enum.reject(&(is_nil(&1) or &1 in found or &1 in core)) do
    [] -> found
    new -> close.(close, found ++ new, Enum.flat_map(new, &Enum.map(needs.(&1), ebin_of)))
  end
end

named = Enum.flat_map(own_dirs ++ deps, &Enum.map(needs.(&1), ebin_of))
used = own_beams |> Enum.flat_map(uses) |> Enum.uniq() |> Enum.map(&modules[to_string(&1)])
more = deps ++ close.(close, [], named ++ used)

fill = fn name, beams, put ->
  target = Path.join(folder, name)
  File.mkdir_p!(target)
  Enum.each(beams, &put.(Path.expand(&1), Path.join(target, Path.basename(&1))))
end

with_code = fn dirs ->
  all = Enum.flat_map(dirs, beams)
  kept = Task.async_stream(all, &{&1, has_code?.(&1)}, timeout: :infinity)
  for {:ok, {beam, true}} <- kept, do: beam
end

link = fn from, to -> File.exists?(to) || File.ln_s!(from, to) end
fill.("own", own_beams, &File.cp!/2)
fill.("more", with_code.(more), link)

release = to_string(:erlang.system_info(:otp_release))
version = Path.join([:code.root_dir(), "releases", release, "OTP_VERSION"])

facts = [
  {"erlang", if(File.exists?(version), do: String.trim(File.read!(version)), else: release)},
  {"elixir", System.version()},
  {"compiler", ebin_of.(:elixir)},
  {"program", Path.join([:code.root_dir(), "bin", "dialyzer"])}
]

bare = for beam <- own_beams, not has_code?.(beam), do: {"bare", Path.basename(beam, ".beam")}
folders = Enum.map(core, &{"core", &1})
lines = Enum.map(facts ++ folders ++ bare, fn {name, value} -> "#{name} #{value}\n" end)
File.write!(Path.join(folder, "facts"), lines)
