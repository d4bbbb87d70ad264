# Compiles a file into a folder: `mix run --no-mix-exs compile.exs FILE FOLDER`.
[file, folder] = System.argv()

for {module, code} <- Code.compile_file(file) do
  File.write!(Path.join(folder, "#{module}.beam"), code)
end
