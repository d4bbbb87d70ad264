# How much of a compiled project is documented: `elixir doc_coverage.exs BUILD_LIB APP=FOLDER...`.
#
# Reads the chunks of the compiled modules, and loads none of them. One line of JSON for each application; what is hidden
# (`@moduledoc false`, `@doc false`, all functions of a hidden module) is counted apart. A function that implements
# a callback is documented by it: `@impl` hides its own documentation. Left out are implementations of protocols,
# modules that were generated (without a source in the application's folder), and the callbacks that `use` brings along.
[lib | apps] = System.argv()

defmodule DocCoverage do
  @told 20

  # The chunks of a module; `nil` where its file cannot be read.
  def read(beam) do
    with {:ok, binary} <- File.read(beam),
         {:ok, {module, chunks}} <-
           :beam_lib.chunks(binary, [:attributes, :exports, :compile_info]) do
      %{module: module, beam: beam, binary: binary, chunks: Map.new(chunks)}
    else
      _ -> nil
    end
  end

  def elixir?(it), do: String.starts_with?(Atom.to_string(it.module), "Elixir.")

  # Written by somebody, and no implementation of a protocol. A deterministic build does not say where it came from.
  def own?(it, folder) do
    implements? = List.keymember?(it.chunks.exports, :__impl__, 0)
    source = it.chunks.compile_info[:source]
    not implements? and (is_nil(source) or written?(Path.expand(to_string(source)), folder))
  end

  defp written?(source, folder) do
    below? = &String.starts_with?(source, Path.expand(&1, folder) <> "/")
    below?.(".") and not below?.("deps") and File.regular?(source)
  end

  # What is known of one module.
  def count(it, lib) do
    case Code.fetch_docs(it.beam) do
      {:docs_v1, _, _, _, :hidden, _, docs} ->
        %{hidden_modules: 1, hidden_functions: Enum.count(docs, &function?/1)}

      {:docs_v1, _, _, _, doc, _, docs} ->
        functions = docs |> Enum.filter(&function?/1) |> functions(it, lib)
        name = inspect(it.module)
        missing = for {key, :none, _} <- functions, do: name <> "." <> told(key)
        shown = Enum.reject(functions, &match?({_, :hidden, _}, &1))

        %{
          modules: 1,
          documented_modules: if(text?(doc), do: 1, else: 0),
          functions: length(shown),
          documented_functions: Enum.count(shown, &match?({_, :documented, _}, &1)),
          hidden_functions: length(functions) - length(shown),
          with_spec: Enum.count(shown, &match?({_, _, true}, &1)),
          missing: if(text?(doc), do: missing, else: [name | missing])
        }

      _ ->
        %{unread: 1}
    end
  end

  defp function?({{kind, _, _}, _, _, _, _}), do: kind in [:function, :macro]

  # `{key, :documented | :hidden | :none, spec?}` for each.
  defp functions(docs, it, lib) do
    callbacks = callbacks(it, lib)
    specs = specs(it.binary)
    made = if Enum.empty?(callbacks), do: MapSet.new(), else: made(it)

    for {{kind, name, arity} = key, _, _, doc, meta} <- docs,
        not made?(key, doc, made, callbacks) do
      arities = Enum.map((arity - Map.get(meta, :defaults, 0))..arity, &key(kind, name, &1))
      implements? = Enum.any?(arities, &MapSet.member?(callbacks, &1))

      status =
        cond do
          text?(doc) or (implements? and doc in [:none, :hidden]) -> :documented
          doc == :hidden -> :hidden
          true -> :none
        end

      {key, status, implements? or Enum.any?(arities, &MapSet.member?(specs, &1))}
    end
  end

  # Did `use` bring this callback along? What a macro writes has the macro's module as its context.
  defp made?({kind, name, arity}, doc, made, callbacks) do
    not text?(doc) and MapSet.member?(callbacks, key(kind, name, arity)) and
      MapSet.member?(made, {name, arity})
  end

  defp made(it) do
    with false <- List.keymember?(it.chunks.exports, :__protocol__, 1),
         {:ok, {_, [debug_info: {:debug_info_v1, _, {:elixir_v1, code, _}}]}} <-
           :beam_lib.chunks(it.binary, [:debug_info]) do
      for {key, _, meta, _} <- code.definitions, meta[:context], into: MapSet.new(), do: key
    else
      _ -> MapSet.new()
    end
  end

  # How the compiler calls it.
  defp key(:macro, name, arity), do: {:"MACRO-#{name}", arity + 1}
  defp key(:function, name, arity), do: {name, arity}

  defp text?(doc), do: is_map(doc) and Enum.any?(doc, fn {_, text} -> String.trim(text) != "" end)

  defp specs(binary) do
    case Code.Typespec.fetch_specs(binary) do
      {:ok, specs} -> MapSet.new(specs, &elem(&1, 0))
      _ -> MapSet.new()
    end
  end

  # The callbacks of its behaviours: those of the project and its dependencies, and those of Elixir and Erlang.
  defp callbacks(it, lib) do
    behaviours =
      for {key, all} <- it.chunks.attributes, key in [:behaviour, :behavior], one <- all, do: one

    for behaviour <- behaviours, callback <- callbacks_of(behaviour, lib), into: MapSet.new() do
      callback
    end
  end

  defp callbacks_of(behaviour, lib) do
    with nil <- Process.get({:callbacks, behaviour}) do
      found = behaviour |> beam_of(lib) |> fetch_callbacks()
      Process.put({:callbacks, behaviour}, found)
      found
    end
  end

  defp beam_of(module, lib) do
    case Path.wildcard(Path.join([lib, "*", "ebin", "#{module}.beam"])) do
      [beam | _] -> beam
      [] -> with path when is_list(path) <- :code.where_is_file(~c"#{module}.beam"), do: path
    end
  end

  defp fetch_callbacks(path) do
    with {:ok, binary} <- File.read(path),
         {:ok, callbacks} <- Code.Typespec.fetch_callbacks(binary) do
      Enum.map(callbacks, &elem(&1, 0))
    else
      _ -> []
    end
  end

  defp told({:macro, name, arity}), do: "#{name}/#{arity}"
  defp told({:function, name, arity}), do: "#{name}/#{arity}"

  # One line: numbers, and the first things without documentation by name.
  def line(app, counts) do
    keys = ~w(modules documented_modules hidden_modules functions documented_functions)a
    keys = keys ++ ~w(hidden_functions with_spec unread)a
    sum = fn key -> counts |> Enum.map(&Map.get(&1, key, 0)) |> Enum.sum() end
    missing = counts |> Enum.flat_map(&Map.get(&1, :missing, [])) |> Enum.sort()
    numbers = Enum.map(keys, &"#{string(Atom.to_string(&1))}:#{sum.(&1)}")
    missing = missing |> Enum.take(@told) |> Enum.map_join(",", &string/1)
    "{" <> Enum.join([~s("app":#{string(app)}) | numbers], ",") <> ~s(,"missing":[#{missing}]}\n)
  end

  # Elixir before 1.18 writes no JSON.
  defp string(text), do: "\"" <> for(<<char::utf8 <- text>>, into: "", do: char(char)) <> "\""
  defp char(char) when char in [?", ?\\], do: <<?\\, char>>

  defp char(char) when char < 32,
    do: "\\u" <> String.pad_leading(Integer.to_string(char, 16), 4, "0")

  defp char(char), do: <<char::utf8>>
end

for app <- apps do
  [name, folder] = String.split(app, "=", parts: 2)
  beams = Path.wildcard(Path.join([lib, name, "ebin", "*.beam"]))
  read = Enum.map(beams, &DocCoverage.read/1)
  {gone, there} = Enum.split_with(read, &is_nil/1)
  own = Enum.filter(there, &(DocCoverage.elixir?(&1) and DocCoverage.own?(&1, folder)))
  counts = Enum.map(own, &DocCoverage.count(&1, lib)) ++ Enum.map(gone, fn _ -> %{unread: 1} end)
  IO.write(DocCoverage.line(name, counts))
end
