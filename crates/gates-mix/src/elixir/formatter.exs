# Tells the test gate, as one JSON object a line, what ExUnit's own report tells people.
#
# It is added beside ExUnit's formatter and must never disturb the tests: whatever goes wrong in here is
# swallowed, and the gate reads the text instead. It writes to a file of its own, because a test may capture
# standard output and standard error.
defmodule PipelineGatesMixFormatter do
  use GenServer

  @longest 1_000

  # Called while the VM starts, so that the module is in memory before Mix prunes the code path.
  def load, do: :ok

  @impl true
  def init(opts) do
    state = %{file: open(System.get_env("PIPELINE_GATES_MIX_EVENTS")), app: app()}
    tell(state, event: "suite", seed: opts[:seed])
    {:ok, state}
  end

  @impl true
  def handle_cast(event, state) do
    quietly(fn -> hear(event, state) end)
    {:noreply, state}
  end

  defp hear({:test_finished, test}, state) do
    {outcome, message, line} = outcome(test.state, test.tags[:file], test.tags[:line])

    tell(state,
      event: "test",
      outcome: outcome,
      module: inspect(test.module),
      name: to_string(test.name),
      file: test.tags[:file],
      starts: test.tags[:line],
      line: line,
      message: message
    )
  end

  defp hear({:module_finished, %{state: {:failed, _}} = module}, state) do
    {_, message, line} = outcome(module.state, module.file, nil)
    tell(state, event: "module", module: inspect(module.name), file: module.file, line: line, message: message)
  end

  # Mix prints its table of coverage only after this, from the same counters.
  defp hear({:suite_finished, _}, state) do
    {covered, missed} = quietly(&lines_covered/0) || {nil, nil}
    tell(state, event: "end", covered: covered, missed: missed)
  end

  defp hear(_, _), do: :ok

  defp outcome(nil, _, line), do: {"passed", nil, line}
  defp outcome({:skipped, _}, _, line), do: {"skipped", nil, line}
  defp outcome({:excluded, _}, _, line), do: {"excluded", nil, line}
  defp outcome({:invalid, _}, _, line), do: {"invalid", nil, line}

  defp outcome({:failed, [{kind, reason, stack} | more]}, file, line) do
    message = quietly(fn -> message(kind, reason, stack) end) || "failed"
    others = if more == [], do: "", else: " (and #{length(more)} more)"
    {"failed", one_line(message) <> others, quietly(fn -> line_in(file, stack) end) || line}
  end

  defp outcome(_, _, line), do: {"failed", nil, line}

  defp message(:error, %{__struct__: ExUnit.AssertionError} = error, _) do
    sides = for side <- [:left, :right], given?(Map.get(error, side)), do: "#{side}: #{short(Map.get(error, side))}"
    code = if given?(error.expr), do: ": " <> code(error.expr), else: ""
    error.message <> code <> if(sides == [], do: "", else: " (#{Enum.join(sides, ", ")})")
  end

  defp message(kind, reason, stack), do: Exception.format_banner(kind, reason, stack)

  defp given?(value), do: value != :ex_unit_no_meaningful_value
  defp code(expr) when is_binary(expr), do: expr
  defp code(expr), do: Macro.to_string(expr)
  defp short(value), do: value |> inspect(limit: 20, printable_limit: 200) |> String.slice(0, 200)

  defp line_in(file, stack) do
    Enum.find_value(stack, fn
      {_, _, _, place} -> if place[:file] && Path.expand(to_string(place[:file])) == file, do: place[:line]
      _ -> nil
    end)
  end

  defp lines_covered do
    if Process.whereis(:cover_server) do
      {:result, lines, _} = apply(:cover, :analyse, [:coverage, :line])
      ignored = (Mix.Project.config()[:test_coverage] || [])[:ignore_modules] || []
      # Line 0 is generated code.
      counted = for {{module, line}, counts} <- lines, line != 0, not ignored?(module, ignored), do: counts
      Enum.reduce(counted, {0, 0}, fn {hit, missed}, {hits, misses} -> {hits + hit, misses + missed} end)
    end
  end

  defp ignored?(module, ignored) do
    Enum.any?(ignored, fn
      %Regex{} = regex -> Regex.match?(regex, inspect(module))
      other -> other == module
    end)
  end

  defp app, do: quietly(fn -> Mix.Project.config()[:app] end)

  defp open(nil), do: nil

  defp open(path) do
    case :file.open(path, [:append, :raw]) do
      {:ok, file} -> file
      _ -> nil
    end
  end

  defp tell(%{file: nil}, _), do: :ok

  defp tell(%{file: file, app: app}, fields) do
    pairs = for {key, value} <- [app: app] ++ fields, do: [json(to_string(key)), ?:, json(value)]
    :file.write(file, [?{, Enum.intersperse(pairs, ?,), "}\n"])
  end

  defp json(nil), do: "null"
  defp json(number) when is_integer(number), do: Integer.to_string(number)
  defp json(atom) when is_atom(atom), do: json(Atom.to_string(atom))

  defp json(text) do
    text = if String.valid?(text), do: text, else: inspect(text)
    [?", for(<<char::utf8 <- text>>, do: escape(char)), ?"]
  end

  defp escape(?"), do: "\\\""
  defp escape(?\\), do: "\\\\"
  defp escape(char) when char < 32, do: ["\\u", char |> Integer.to_string(16) |> String.pad_leading(4, "0")]
  defp escape(char), do: <<char::utf8>>

  defp one_line(text), do: text |> String.split() |> Enum.join(" ") |> String.slice(0, @longest)

  defp quietly(work) do
    work.()
  rescue
    _ -> nil
  catch
    _, _ -> nil
  end
end
