defmodule ShopWeb.Server.ListenerTest do
  use ExUnit.Case, async: true

  import ExUnit.CaptureLog

  alias ShopWeb.{Client, Server}
  alias ShopWeb.HTTP.Response
  alias ShopWeb.Server.Listener

  test "a port that is taken is said with what to do" do
    {:ok, socket} = :gen_tcp.listen(0, ip: {127, 0, 0, 1})
    {:ok, port} = :inet.port(socket)
    Process.flag(:trap_exit, true)

    log =
      capture_log(fn ->
        options = [name: Server.Taken, port: port, app: fn _ -> %Response{} end]

        assert {:error, {:shutdown, {:failed_to_start_child, Listener, _}}} =
                 Server.start_link(options)
      end)

    assert log =~ "cannot listen on port #{port}: address already in use; set PORT"
  end

  test "a listener that died is replaced, and open connections never notice" do
    options = [name: Server.Dying, app: fn _ -> %Response{body: "ready"} end]
    start_supervised!({Server, options})
    open = Client.connect!(Server.port(Server.Dying))
    assert Client.get(open, "/").status == 200

    died = Process.whereis(Server.Dying.Listener)
    Process.exit(died, :kill)
    wait_until_replaced(died, 60_000)

    assert Client.get(open, "/").status == 200
    assert Client.get(Client.connect!(Server.port(Server.Dying)), "/").status == 200
  end

  defp wait_until_replaced(died, attempts) when attempts > 0 do
    case Process.whereis(Server.Dying.Listener) do
      pid when pid in [nil, died] ->
        Process.sleep(1)
        wait_until_replaced(died, attempts - 1)

      _replaced ->
        :ok
    end
  end
end
