defmodule ShopWeb.ApplicationTest do
  use ExUnit.Case, async: true

  alias ShopWeb.{Client, Server}

  test "the application serves the shop" do
    answer = Client.get(Client.connect!(Server.port()), "/api/v1/health")
    assert answer.status == 200
    assert answer.body =~ ~s("status":"healthy")
    assert answer.headers["x-machine-id"] == "local"
  end

  @tag timeout: 300_000
  test "SIGTERM lets a request finish and then ends the VM with status 0" do
    {vm, os_pid} = start_vm(latency_ms: 1_000)
    port = await_port(vm, "")
    assert Client.get(Client.connect!(port), "/").headers["connection"] == "keep-alive"

    # On a connection of its own: until its first request has come, a connection may wait for it.
    socket = Client.connect!(port)
    # One after the other: when the signal arrives, however late, one of them is being answered.
    Client.send_bytes(socket, String.duplicate("GET / HTTP/1.1\r\nhost: shop\r\n\r\n", 30))
    {"", 0} = signal(os_pid, "-TERM")

    answer = last_answer(socket)
    assert {answer.status, answer.headers["connection"]} == {200, "close"}
    assert_receive {^vm, {:exit_status, 0}}, 60_000
  end

  defp last_answer(socket) do
    case Client.read(socket) do
      %{status: 200, headers: %{"connection" => "keep-alive"}} -> last_answer(socket)
      answer -> answer
    end
  end

  defp start_vm(latency_ms: latency) do
    paths =
      for app <- [:shop, :shop_web], path <- ["-pa", Application.app_dir(app, "ebin")], do: path

    flags = "-shop_web port 0 -shop_web latency_ms #{latency}"
    start = "{:ok, _} = Application.ensure_all_started(:shop_web)"
    args = paths ++ ["--erl", flags, "--no-halt", "-e", start]

    elixir = System.find_executable("elixir")
    vm = Port.open({:spawn_executable, elixir}, [:binary, :exit_status, args: args])
    {:os_pid, os_pid} = Port.info(vm, :os_pid)
    on_exit(fn -> signal(os_pid, "-KILL") end)
    {vm, os_pid}
  end

  defp signal(os_pid, signal) do
    System.cmd("kill", [signal, Integer.to_string(os_pid)], stderr_to_stdout: true)
  end

  # The VM says where it listens.
  defp await_port(vm, output) do
    case Regex.run(~r/listening on http:\/\/127\.0\.0\.1:(\d+)\n/, output) do
      [_line, port] ->
        String.to_integer(port)

      nil ->
        assert_receive {^vm, {:data, bytes}}, 60_000
        await_port(vm, output <> bytes)
    end
  end
end
