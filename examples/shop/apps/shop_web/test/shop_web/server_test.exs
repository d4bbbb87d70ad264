defmodule ShopWeb.ServerTest do
  use ExUnit.Case, async: true

  alias ShopWeb.{Client, Server}
  alias ShopWeb.HTTP.Response

  test "a stop finishes what was begun, ends what is idle and lets nobody new in" do
    port = start(Server.Finishing, [])

    idle = Client.connect!(port)
    assert Client.get(idle, "/").status == 200

    busy = Client.connect!(port)
    Client.ask(busy, "/slow")
    assert_receive {:busy, connection}, 60_000

    stop = Task.async(Supervisor, :stop, [Server.Finishing, :shutdown])
    assert Client.closed?(idle)
    assert Client.connect(port) == {:error, :econnrefused}
    assert eventually?(fn -> told_to_stop?(connection) end)

    send(connection, :finish)
    answer = Client.read(busy)
    assert {answer.status, answer.body} == {200, "finished"}
    assert answer.headers["connection"] == "close"
    assert Client.closed?(busy)
    assert Task.await(stop) == :ok
  end

  test "a connection that was just made still gets its first request answered" do
    port = start(Server.LastCall, acceptors: 1, last_call: 60_000)

    fresh = Client.connect!(port)
    # Its process has been replaced by another one that waits, so the connection is the app's.
    assert eventually?(fn -> accepted(Server.LastCall.Connections) == 1 end)

    listener = Process.monitor(Server.LastCall.Listener)
    stop = Task.async(Supervisor, :stop, [Server.LastCall, :shutdown])
    assert_receive {:DOWN, ^listener, :process, _listener, :shutdown}, 60_000
    assert Client.connect(port) == {:error, :econnrefused}

    assert Client.get(fresh, "/").status == 200
    assert Client.closed?(fresh)
    assert Task.await(stop) == :ok
  end

  test "a request that never ends is cut when the time for draining is over" do
    port = start(Server.Cutting, drain_timeout: 50)

    busy = Client.connect!(port)
    Client.ask(busy, "/slow")
    assert_receive {:busy, _connection}, 60_000

    assert Supervisor.stop(Server.Cutting, :shutdown) == :ok
    assert Client.closed?(busy)
  end

  test "beyond the limit a connection waits until another one ends" do
    port = start(Server.Limited, acceptors: 1, max_connections: 2)

    [first, second] = for _ <- 1..2, do: Client.connect!(port)
    assert Client.get(first, "/").status == 200
    assert Client.get(second, "/").status == 200

    third = Client.connect!(port)
    Client.ask(third, "/")
    assert :gen_tcp.recv(third, 0, 50) == {:error, :timeout}

    :ok = :gen_tcp.close(first)
    assert Client.read(third).status == 200
  end

  defp start(name, options) do
    test = self()
    options = [name: name, app: &answer(&1, test)] ++ options
    start_supervised!({Server, options}, restart: :temporary)
    Server.port(name)
  end

  # One process waits for the next connection, each of the others has one.
  defp accepted(connections), do: length(Task.Supervisor.children(connections)) - 1

  defp told_to_stop?(connection) do
    {:messages, messages} = Process.info(connection, :messages)
    Enum.any?(messages, &match?({:EXIT, _supervisor, :shutdown}, &1))
  end

  defp eventually?(look, tries \\ 5_000) do
    look.() or (tries > 0 and Process.sleep(10) == :ok and eventually?(look, tries - 1))
  end

  defp answer(%{path: "/slow"}, test) do
    send(test, {:busy, self()})

    receive do
      :finish -> %Response{body: "finished"}
    end
  end

  defp answer(_request, _test), do: %Response{body: "ready"}
end
