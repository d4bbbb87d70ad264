# Says where each file first differs from what `mix format` would write:
# `mix run --no-mix-exs first_difference.exs PROJECT FILE…` prints `FILE:LINE`, and changes nothing.
[project | files] = System.argv()
File.cd!(project)

for file <- files do
  {formatter, _options} = Mix.Tasks.Format.formatter_for_file(file)
  text = File.read!(file)
  formatted = IO.iodata_to_binary(formatter.(text))
  [was, now] = Enum.map([text, formatted], &String.split(&1, "\n"))
  same = Enum.zip(was, now) |> Enum.take_while(fn {one, other} -> one == other end)
  IO.puts("#{file}:#{min(length(same), length(was) - 1) + 1}")
end
