# Writes what Elixir reads in each of the files as an outline: one line a node, indented by depth.
[list, out] = System.argv()

defmodule Outline do
  def of(quoted), do: quoted |> walk(0) |> IO.iodata_to_binary()

  defp line(depth, text), do: [List.duplicate(" ", depth), text, "\n"]

  # Literals, wrapped by the encoder with what they look like.
  defp walk({:__literal__, meta, value}, depth), do: literal(value, meta, depth)

  defp walk({:{}, _, items}, depth), do: [line(depth, "tuple"), all(items, depth + 1)]
  defp walk({:%{}, _, [{:|, _, [base, pairs]}]}, depth),
    do: [line(depth, "map"), line(depth + 1, "update"), walk(base, depth + 2), pairs(pairs, depth + 2)]
  defp walk({:%{}, _, pairs}, depth), do: [line(depth, "map"), pairs(pairs, depth + 1)]
  defp walk({:%, _, [name, {:%{}, _, [{:|, _, [base, pairs]}]}]}, depth),
    do: [line(depth, "struct"), walk(name, depth + 1), line(depth + 1, "update"), walk(base, depth + 2), pairs(pairs, depth + 2)]
  defp walk({:%, _, [name, {:%{}, _, pairs}]}, depth),
    do: [line(depth, "struct"), walk(name, depth + 1), pairs(pairs, depth + 1)]

  defp walk({:<<>>, meta, parts}, depth) do
    if meta[:delimiter], do: [line(depth, "string"), parts(parts, depth + 1)], else: [line(depth, "bits"), all(parts, depth + 1)]
  end

  defp walk({{:., _, [List, :to_charlist]}, meta, [parts]} = call, depth) do
    if meta[:delimiter], do: [line(depth, "charlist"), parts(list(parts), depth + 1)], else: remote(call, depth)
  end

  defp walk({{:., _, [:erlang, name]}, meta, [{:<<>>, _, parts}, {:__literal__, _, :utf8}]} = call, depth)
       when name in [:binary_to_atom, :binary_to_existing_atom] do
    _ = {meta, call}
    [line(depth, "quoted atom"), parts(parts, depth + 1)]
  end
  defp walk({{:., _, [:erlang, name]}, meta, [{:<<>>, _, parts}, :utf8]} = call, depth)
       when name in [:binary_to_atom, :binary_to_existing_atom] do
    _ = {meta, call}
    [line(depth, "quoted atom"), parts(parts, depth + 1)]
  end

  defp walk({:__aliases__, _, [first | rest] = parts}, depth) do
    if Enum.all?(parts, &is_atom/1) do
      line(depth, "alias " <> Enum.join(parts, "."))
    else
      Enum.reduce(rest, walk(first, depth), fn part, base -> [line(depth, "dot alias #{part}"), indent(base)] end)
    end
  end

  defp walk({:__block__, _, [only]}, depth), do: walk(only, depth)
  defp walk({:__block__, _, many}, depth), do: [line(depth, "block"), all(many, depth + 1)]
  defp walk({:fn, _, clauses}, depth), do: [line(depth, "fn"), all(clauses, depth + 1)]
  defp walk({:->, _, [args, body]}, depth), do: [line(depth, "clause"), all(args, depth + 1), body(body, depth + 1)]
  defp walk({:when, _, [_, _, _ | _] = args}, depth), do: [line(depth, "when"), all(args, depth + 1)]
  defp walk({:&, _, [int]}, depth) when is_integer(int), do: line(depth, "capture #{int}")
  defp walk({:&, _, [{:__literal__, _, int}]}, depth) when is_integer(int), do: line(depth, "capture #{int}")
  defp walk({:.., _, []}, depth), do: line(depth, "ellipsis")
  defp walk({:..., _, context}, depth) when is_atom(context) or context == [], do: line(depth, "ellipsis")
  defp walk({:"..//", meta, [a, b, c]}, depth),
    do: [line(depth, "op //"), walk({:.., meta, [a, b]}, depth + 1), walk(c, depth + 1)]
  defp walk({:not, meta, [{:in, _, [a, b]} = inner]}, depth) do
    _ = {meta, a, b}
    [line(depth, "not in"), walk(inner, depth + 1)]
  end

  defp walk({{:., _, [Access, :get]}, _, [base, key]}, depth),
    do: [line(depth, "access"), walk(base, depth + 1), walk(key, depth + 1)]
  defp walk({{:., _, [fun]}, _, args}, depth), do: [line(depth, "anonymous"), walk(fun, depth + 1), args(args, depth + 1)]
  defp walk({{:., _, [base, :{}]}, _, items}, depth), do: [line(depth, "multi alias"), all([base | items], depth + 1)]
  defp walk({{:., _, _}, _, _} = call, depth), do: remote(call, depth)

  defp walk({name, meta, args}, depth) when is_atom(name) and is_list(args) do
    text = Atom.to_string(name)

    cond do
      meta[:delimiter] && String.starts_with?(text, "sigil_") ->
        [{:<<>>, _, parts}, _modifiers] = args
        [line(depth, "sigil " <> String.replace_prefix(text, "sigil_", "")), parts(parts, depth + 1)]

      length(args) == 2 and Macro.operator?(name, 2) and meta[:closing] == nil ->
        [line(depth, "op " <> text), all(args, depth + 1)]

      length(args) == 1 and (Macro.operator?(name, 1) or name == :&) and meta[:closing] == nil ->
        [line(depth, "op " <> text), all(args, depth + 1)]

      args == [] and meta[:closing] == nil ->
        line(depth, "var " <> text)

      true ->
        [line(depth, "call #{text} @#{meta[:line]}"), args(args, depth + 1)]
    end
  end

  defp walk({name, _, context}, depth) when is_atom(name) and is_atom(context), do: line(depth, "var #{name}")
  defp walk({called, _, args}, depth), do: [line(depth, "call of"), walk(called, depth + 1), args(args, depth + 1)]
  defp walk({key, value}, depth), do: [line(depth, "pair"), walk(key, depth + 1), walk(value, depth + 1)]
  defp walk([{:->, _, _} | _] = clauses, depth), do: [line(depth, "clauses"), all(clauses, depth + 1)]
  defp walk([{{:__literal__, meta, _}, _} | _] = pairs, depth) do
    if meta[:format] == :keyword, do: keywords(pairs, depth), else: [line(depth, "do"), Enum.map(pairs, &section(&1, depth + 1))]
  end
  defp walk(list, depth) when is_list(list), do: keywords(list, depth)
  defp walk(other, depth), do: literal(other, [], depth)

  defp remote({{:., _, [receiver, name]}, _, args}, depth) when is_atom(name),
    do: [line(depth, "remote #{name}"), walk(receiver, depth + 1), args(args, depth + 1)]
  defp remote({{:., _, [receiver, name]}, _, args}, depth),
    do: [line(depth, "remote ?"), walk(receiver, depth + 1), walk(name, depth + 1), args(args, depth + 1)]

  defp literal(value, meta, depth) do
    cond do
      is_list(value) and meta[:delimiter] in ["'", "'''"] -> line(depth, "charlist")
      is_binary(value) -> line(depth, "string")
      is_atom(value) -> line(depth, "atom " <> Atom.to_string(value))
      is_integer(value) -> line(depth, if(String.starts_with?(meta[:token] || "", "?"), do: "char", else: "int"))
      is_float(value) -> line(depth, "float")
      is_list(value) -> [line(depth, "list"), all(value, depth + 1)]
      is_tuple(value) and tuple_size(value) == 2 -> [line(depth, "tuple"), all(Tuple.to_list(value), depth + 1)]
      true -> line(depth, "? #{inspect(value)}")
    end
  end

  defp list({:__literal__, _, list}), do: list
  defp list(list), do: list

  defp pairs({:__literal__, _, pairs}, depth), do: pairs(pairs, depth)
  defp pairs(pairs, depth), do: Enum.map(pairs, &walk(&1, depth))

  defp all(items, depth), do: Enum.map(items, &walk(&1, depth))

  defp args(items, depth), do: all(items, depth)

  defp body(one, depth), do: walk(one, depth)

  defp keywords(pairs, depth), do: [line(depth, "keywords"), pairs(pairs, depth + 1)]

  defp section({{:__literal__, _, name}, body}, depth), do: [line(depth, "section #{name}"), walk(body, depth + 1)]

  # Only what is interpolated; texts say the same in both.
  defp parts(parts, depth) do
    Enum.map(parts, fn
      {:"::", _, [{{:., _, [Kernel, :to_string]}, _, [inside]}, _]} -> walk(inside, depth)
      {{:., _, [Kernel, :to_string]}, _, [inside]} -> walk(inside, depth)
      _text -> []
    end)
  end

  defp indent(iodata) do
    text = IO.iodata_to_binary(iodata)
    text |> String.split("\n", trim: true) |> Enum.map(&[" ", &1, "\n"])
  end
end

encode = fn literal, meta -> {:ok, {:__literal__, meta, literal}} end

list
|> File.read!()
|> String.split("\n", trim: true)
|> Enum.with_index()
|> Task.async_stream(
  fn {file, index} ->
    options = [literal_encoder: encode, token_metadata: true, unescape: false, emit_warnings: false, columns: true]
    text =
      case Code.string_to_quoted(File.read!(file), options) do
        {:ok, quoted} -> Outline.of(quoted)
        {:error, {meta, message, token}} -> "ERROR #{inspect(meta)} #{inspect(message)} #{inspect(token)}"
      end
    File.write!(Path.join(out, to_string(index)), text)
  end,
  timeout: :infinity
)
|> Stream.run()
